"""How a message leaves: to a program as JSON on its standard input, or to a webhook as a POST.

The webhook gets a `text` as Slack and its like want one. Its address is a secret: whoever has it
can post. It is sent below the layer that logs addresses, and no error holds it.
"""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
from pydantic import SecretStr

from tasks.core.errors import NotifyError
from tasks.core.loopback import is_loopback
from tasks.night.notify.message import Message

PROGRAM_SECONDS = 30.0
ATTEMPT_SECONDS = 10.0
ATTEMPTS = 3
FIRST_WAIT_SECONDS = 1.0
_FIX = "Check the address in PALATE_NOTIFY_URL, and whether its server is up."


def run_program(command: Sequence[str], message: Message) -> None:
    """Run it to its end. Raises NotifyError if it cannot start, fails, or takes too long."""
    fix = "Check notify_command: a program and its arguments, which reads JSON."
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own program
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # so that all it started ends with it
        )
    except OSError as error:
        what = f"The notify_command could not be started ({error.strerror})."
        raise NotifyError(what, fix) from error
    try:
        process.communicate(message.model_dump_json().encode(), timeout=PROGRAM_SECONDS)
    except subprocess.TimeoutExpired as error:
        what = f"The notify_command took more than {PROGRAM_SECONDS:.0f} s and was stopped."
        raise NotifyError(what, fix) from error
    finally:
        _end(process)
    if process.returncode:
        raise NotifyError(f"The notify_command ended with code {process.returncode}.", fix)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def post(address: SecretStr, message: Message) -> None:
    """Send it, three times at most. Raises NotifyError when nothing was accepted."""
    parts = _checked(address)
    with ThreadPoolExecutor(1) as alone:  # whoever calls may be in an event loop already
        alone.submit(asyncio.run, _post(parts, message)).result()


async def _post(parts: SplitResult, message: Message) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                status = await _send(parts, message)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            problem, worth_it = f"no answer: {type(error).__name__}", True
        else:
            if status < 300:
                return
            problem, worth_it = f"HTTP {status}", status >= 500 or status in {408, 429}
        if not worth_it or attempt == ATTEMPTS:
            raise NotifyError(f"The webhook got no message ({problem}, sent {attempt}x).", _FIX)
        await asyncio.sleep(FIRST_WAIT_SECONDS * 2 ** (attempt - 1))


async def _send(parts: SplitResult, message: Message) -> int:
    host = parts.hostname or ""
    proxy = None if is_loopback(host) or proxy_bypass(host) else getproxies().get(parts.scheme)
    async with httpx2.AsyncHTTPTransport(proxy=proxy) as transport:
        request = httpx2.Request(
            "POST",
            parts.geturl(),
            headers={"Content-Type": "application/json"},
            content=json.dumps(payload(message)).encode(),
        )
        response = await transport.handle_async_request(request)
        await response.aclose()
        return response.status_code


def payload(message: Message) -> dict[str, str | None]:
    """The message with a text in which nothing is markup of Slack's."""
    text = message.text
    for sign, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, escaped)
    return {"text": text, **message.model_dump()}


def _checked(address: SecretStr) -> SplitResult:
    """The address in parts, if nobody on the way can read what is sent to it."""
    try:
        parts = urlsplit(address.get_secret_value().strip())
        host = parts.hostname
    except ValueError:
        host = None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        return parts
    raise NotifyError(
        "PALATE_NOTIFY_URL is not an address to post to.",
        "It must start with https://, or with http:// for a server on this machine.",
    )
