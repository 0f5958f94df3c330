"""A program that is told: the message as JSON on its standard input, no shell in between."""

import os
import signal
import subprocess
from collections.abc import Sequence

from tasks.core.errors import NotifyError
from tasks.night.notify.message import Message

DEADLINE_SECONDS = 30.0


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
        process.communicate(message.model_dump_json().encode(), timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired as error:
        what = f"The notify_command took more than {DEADLINE_SECONDS:.0f} s and was stopped."
        raise NotifyError(what, fix) from error
    finally:
        _end(process)
    if process.returncode:
        raise NotifyError(f"The notify_command ended with code {process.returncode}.", fix)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
