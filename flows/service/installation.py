"""Starting, repairing and stopping the installation of a home folder."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from flows.service import postgres, processes
from flows.service.processes import Patience, belonging, find, of_role, stop
from flows.service.server import answers, free_port
from flows.service.state import (
    POOL,
    Installation,
    Role,
    folder,
    forget,
    read_state,
    remove_prefect_toml,
    write_prefect_toml,
    write_state,
)
from tasks.core.errors import ServiceError

START_SECONDS = 120.0
DEPLOYMENTS = Path("deployments") / "prefect.yaml"
RUNS: Patience = ((signal.SIGINT, 25.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""A flow run gets what Ctrl-C sends: it waits for a language model's answers that are on their way,
reports that it was broken off, and is resumed after the next `up`."""

Log = Callable[[str], object]
"""Shows a line of progress."""


def up(home: Path, project: Path, port: int, log: Log) -> tuple[Installation, list[Role]]:
    """Start what is missing of the installation; gives it, and what had to be started.

    Raises ServiceError when something does not start; what this call started is stopped then.
    """
    with _alone(home):
        before = read_state(home)
        if before is None and port:
            _check_port(port)
        state = before or Installation(project=project.resolve(), port=port or free_port())
        started: list[Role] = []
        try:
            for role in _missing(home, state):
                log(f"  starting {role}")
                state = STARTERS[role](home, state, log)
                started.append(role)
            if started:
                _deploy(home, state, log)
                _await_worker(home, state)
        except BaseException:
            _stop(home, state, None if before is None else started)
            raise
        write_prefect_toml(state)
        return state, started


def down(home: Path) -> bool:
    """Stop all of the installation, flow runs included; gives whether there was anything."""
    with _alone(home):
        state = read_state(home)
        if state is None and not belonging(home) and postgres.of_home(home) is None:
            return False
        _stop(home, state, None)
        return True


def _missing(home: Path, state: Installation) -> list[Role]:
    """What has to be started: with a new database the server on it, and with that a worker."""
    missing: list[Role] = []
    if processes.database_given() is None and postgres.of_home(home) is None:
        missing.append("postgres")
    if missing or not find(state.processes.get("server")):
        missing.append("server")
    if missing or not find(state.processes.get("worker")):  # one that lost its server is slow
        missing.append("worker")
    return missing


def _start_postgres(home: Path, state: Installation, log: Log) -> Installation:
    process, sockets = postgres.start_postgres(home, log)
    _drop(state.sockets, home)
    state = state.with_process("postgres", process).model_copy(update={"sockets": sockets})
    write_state(home, state)
    return state


def _start_server(home: Path, state: Installation, _log: Log) -> Installation:
    stop(of_role(belonging(home), "server"))
    _check_port(state.port)
    database = processes.database_given() or postgres.address(state.sockets or postgres.data(home))
    command = [sys.executable, "-m", "prefect", "server", "start"]
    command += ["--host", "127.0.0.1", "--port", str(state.port)]
    process = processes.start(
        "server", command, home, processes.for_server(home, state.url, database)
    )
    state = state.with_process("server", process)
    write_state(home, state)
    if not processes.until(lambda: answers(state.url), process, START_SECONDS):
        log = processes.log_file(home, "server")
        raise ServiceError("Prefect's server did not start.", f"See {log}.")
    _make_pool(state)
    return state


def _start_worker(home: Path, state: Installation, _log: Log) -> Installation:
    stop(of_role(belonging(home), "worker"))
    command = [sys.executable, "-m", "flows.service.worker"]
    environment = processes.for_worker(home, state.url, state.project)
    process = processes.start("worker", command, home, environment, place=state.project)
    state = state.with_process("worker", process)
    write_state(home, state)
    return state


STARTERS: dict[Role, Callable[[Path, Installation, Log], Installation]] = {
    "postgres": _start_postgres,
    "server": _start_server,
    "worker": _start_worker,
}


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ServiceError(
                f"Port {port} is taken: something else listens there.",
                "Stop it, or take another: palate up --port 4300 (0: any free one).",
            ) from error


def _make_pool(state: Installation) -> None:
    pool = json.dumps({"name": POOL, "type": "process"}).encode()
    _post(state, "work_pools/", pool, accepted=409)  # there is one already


def _post(state: Installation, path: str, body: bytes, accepted: int = 0) -> bytes:
    """The answer to a request; empty where the server refuses with this accepted status."""
    request = urllib.request.Request(  # noqa: S310 - our loopback
        f"{state.url}/{path}", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        if error.code == accepted:
            return b""
        raise


def _deploy(home: Path, state: Installation, log: Log) -> None:
    log(f"  deploying {DEPLOYMENTS}")
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "--prefect-file", str(DEPLOYMENTS)],
        cwd=state.project,
        env=processes.for_worker(home, state.url, state.project),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServiceError(
            f"{state.project / DEPLOYMENTS} could not be deployed:\n{done.stdout}{done.stderr}",
            "Correct it, then run `palate up` again.",
        )


def _await_worker(home: Path, state: Installation) -> None:
    """Wait until it asks for runs."""
    worker = state.processes["worker"]

    def asks() -> bool:
        workers = json.loads(_post(state, f"work_pools/{POOL}/workers/filter", b"{}"))
        heartbeats = (datetime.fromisoformat(one["last_heartbeat_time"]) for one in workers)
        return any(heartbeat.timestamp() > worker.started for heartbeat in heartbeats)

    if not processes.until(asks, worker, START_SECONDS):
        log = processes.log_file(home, "worker")
        raise ServiceError("The worker did not start.", f"See {log}.")


def _stop(home: Path, state: Installation | None, roles: list[Role] | None) -> None:
    """Stop these roles, or everything: those first that need the others to end well."""
    if roles is None or "worker" in roles:
        stop(of_role(belonging(home), "worker"))
    if roles is None:
        stop(processes.running_flows(belonging(home)).values(), RUNS)
    if roles is None or "server" in roles:
        stop(of_role(belonging(home), "server"), ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)))
    if roles is None or "postgres" in roles:
        stop([postgres.of_home(home)], postgres.PATIENCE)
    if roles is None:
        stop(belonging(home))
        if state is not None:
            remove_prefect_toml(state)
            _drop(state.sockets, home)
        forget(home)


def _drop(sockets: Path | None, home: Path) -> None:
    """Remove the folder of a socket that is not the database's own."""
    if sockets is not None and sockets != postgres.data(home):
        shutil.rmtree(sockets, ignore_errors=True)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold what keeps a second `up` or `down` of the home out."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `&` has it ignored
    folder(home).mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder(home) / "lock", timeout=0):
            yield
    except Timeout as error:
        raise ServiceError(
            f"Another `palate up` or `palate down` is at work on {home}.", "Wait for it."
        ) from error
