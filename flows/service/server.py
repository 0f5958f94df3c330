"""A Prefect server for the length of one command, when none is configured.

Prefect's own temporary server outlives a kill -9 of the command that started it, and keeps its
database open (measured with 3.8.8). This one watches its parent and goes when it is gone.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

from filelock import FileLock

from flows.service.state import read_state
from flows.service.template import NAME, copy_template, is_used, keep_template
from tasks.core.errors import PalateError, ServiceError
from tasks.core.full_disk import check_room
from tasks.core.lock import in_use
from tasks.core.optional import require
from tasks.core.progress import TEMPORARY_SERVER
from tasks.core.storage import storage_of

START_SECONDS = 90.0
POLL_SECONDS = 0.1
START_LOCK = "start.lock"

Wait = Callable[[], None]
"""Returns once a server answers, or raises ServiceError."""


QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # errors are shown once, by the command line
}
"""Defaults for every command; what the environment says wins."""

HISTORY = ("EVENT_PERSISTER", "EVENT_LOGGER", "TASK_RUN_RECORDER", "TRIGGERS")
EPHEMERAL = {
    **{"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"},
    **{f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in HISTORY},
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
}
"""A temporary server records no history: nobody can look at it once the command has ended. Nobody
can make blocks on it either."""


@contextmanager
def prefect_for(home: Path) -> Iterator[Wait]:
    """Point Prefect at a server: PREFECT_API_URL's, that of `palate up`, or a temporary one.

    Gives a function that waits until the server answers: import the flows first, meanwhile.
    Must be entered before Prefect is imported, since it reads its settings then. `palate gc`
    removes nothing meanwhile.
    """
    storage_of(home).check()
    with in_use(home), _prefect_for(home) as wait:
        yield partial(_ready, wait)


def _ready(wait: Wait) -> None:
    wait()
    start_senders()


def start_senders() -> None:
    """Start Prefect's threads that send events and logs: before a process's first flow or task.

    One that a run starts keeps that run's objects beyond the interpreter's end, where DuckDB's
    binding prints a page about each of them.
    """
    from prefect.events.worker import EventsWorker  # noqa: PLC0415 - reads its environment then
    from prefect.logging.handlers import APILogWorker  # noqa: PLC0415

    EventsWorker.instance()
    APILogWorker.instance()


@contextmanager
def _prefect_for(home: Path) -> Iterator[Wait]:
    os.environ |= {name: value for name, value in QUIET.items() if name not in os.environ}
    os.environ.setdefault("PREFECT_LOCAL_STORAGE_PATH", str(home.resolve() / "results"))
    if os.environ.get("PREFECT_API_URL"):
        yield lambda: None
        return
    os.environ["PREFECT_HOME"] = str(home.resolve() / "prefect")
    os.environ["PREFECT_LOGGING_TO_API_ENABLED"] = "false"
    running = _installed_server(home)
    with nullcontext(running) if running else temporary_server(home) as (url, wait):
        settings = {"PREFECT_API_URL": url} | ({} if running else {TEMPORARY_SERVER: "1"})
        os.environ |= settings
        try:
            yield wait
        finally:
            for name in settings:
                del os.environ[name]


def service_url(home: Path) -> str | None:
    """The address of the server that `palate up` started for a home, None if it does not run."""
    with suppress(PalateError):
        running = _installed_server(home)
        return running[0] if running else None
    return None


def _installed_server(home: Path) -> tuple[str, Wait] | None:
    """As `temporary_server` gives it, the server that `palate up` started, if it runs."""
    state = read_state(home)
    if state is None:
        return None
    require("psutil", "service", "A home in which `palate up` ran")
    from flows.service.processes import find, log_file  # noqa: PLC0415 - an extra

    process = find(state.processes.get("server"))
    if process is None:
        return None
    log = log_file(home, "server")
    return state.url, partial(_wait_until_healthy, state.url, process.is_running, log)


@contextmanager
def temporary_server(home: Path) -> Iterator[tuple[str, Wait]]:
    """Start a server; gives its API's address and a function that waits until it answers."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "prefect-server.log"
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "flows.service.server", str(port), str(os.getpid())],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the command; it stops its server itself
            env=os.environ | EPHEMERAL | {"PREFECT_API_URL": url},  # whatever prefect.toml says
        )
    try:
        yield url, partial(_wait_until_healthy, url, lambda: process.poll() is None, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()


def answers(url: str) -> bool:
    """Whether a Prefect server does at an API's address."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310 - our loopback
            return True
    except OSError:
        return False


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(url: str, runs: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and runs():
        if answers(url):
            return
        time.sleep(POLL_SECONDS)
    check_room(log.parent)
    raise ServiceError(
        "Prefect's server does not answer.",
        f"See {log}; or start one with `palate up`, or another and set PREFECT_API_URL.",
    )


def _serve(port: int, parent: int) -> None:
    """Run in the server's process: serve until stopped, or until the parent is gone."""
    import uvicorn  # noqa: PLC0415 - only the server's process needs it
    from prefect.server.api.server import create_app  # noqa: PLC0415

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os._exit(1)

    class OneStartsAtATime(uvicorn.Server):
        """Makes the home's database, or brings it up to date, while no other server does."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            home = Path(os.environ["PREFECT_HOME"])
            database = home / NAME
            is_new = is_used(database) and not database.exists()
            with FileLock(home / START_LOCK):
                copied = is_new and copy_template(database)
                await super().startup(sockets)
                if is_new and not copied and self.started:
                    keep_template(database)

    threading.Thread(target=watch, daemon=True).start()
    config = uvicorn.Config(create_app(), host="127.0.0.1", port=port, log_level="error")
    OneStartsAtATime(config).run()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
