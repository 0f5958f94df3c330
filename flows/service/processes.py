"""Processes that outlive the command: environment, start, search and end."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flows.service.state import Role, Started, folder
from tasks.core.errors import ServiceError
from tasks.core.secrets import Secrets
from tasks.llm.ledger.database import OPTIONS

HOME, ROLE, FLOW_RUN = "PALATE_STANDING", "PALATE_ROLE", "PREFECT__FLOW_RUN_ID"
"""Environment by which what belongs to an installation is found, whoever started it: what a
killed worker leaves running is in no state file. The first is named as its folder is, for the same
reason; the last is Prefect's own."""

PROJECT = "PALATE_PROJECT"
"""Folder in which deployed flows run: deployments/prefect.yaml reads it."""

SECRET = "PALATE_PG_URL"  # noqa: S105 - a name, no password
SERVER = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # In memory, its default, leases are lost with the server: a run that goes on cannot renew its
    # one, and is ended for that.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",  # noqa: E501
}
WORKER = {
    "DO_NOT_TRACK": "1",
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # each run is a process: it would compile all of this anew
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "WARNING",  # a stage logs one line itself
}
"""Defaults; the environment of the command wins."""

CLOCK_SECONDS = 1.0
"""How much the start of a process may seem to move when the clock is set."""

User = pwd.struct_passwd
GONE = (psutil.NoSuchProcess, psutil.AccessDenied)
Patience = Sequence[tuple[signal.Signals, float]]
"""Signals, and after each the seconds that a process has to end."""

POLITELY: Patience = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def for_server(home: Path, url: str, database: str) -> dict[str, str]:
    """The environment of Prefect's server."""
    return SERVER | _own(home, url) | {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database}


def for_worker(home: Path, url: str, project: Path) -> dict[str, str]:
    """The environment of a worker and of the flows that it runs."""
    return (
        WORKER
        | _own(home, url)
        | {
            "PREFECT_LOCAL_STORAGE_PATH": str(home.resolve() / "results"),
            "PALATE_HOME": str(home.resolve()),
            PROJECT: str(project.resolve()),
        }
    )


def _own(home: Path, url: str) -> dict[str, str]:
    """The environment of this process, without the database's password."""
    kept = {name: value for name, value in os.environ.items() if name != SECRET}
    return kept | {"PREFECT_HOME": str(folder(home) / "prefect"), "PREFECT_API_URL": url}


def database_given() -> str | None:
    """The database of PALATE_PG_URL as Prefect's server takes it; None where none is given."""
    secret = Secrets().palate_pg_url
    if secret is None or not secret.get_secret_value():
        return None
    try:
        url = make_url(secret.get_secret_value())
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ServiceError(
            f"{SECRET} is not the address of a Postgres database.",
            "Write postgresql://user:password@host/database.",
        )
    options = {OPTIONS.get(name, name): value for name, value in url.query.items()}
    url = url.set(drivername="postgresql+asyncpg", query=options)
    return url.render_as_string(hide_password=False)


def start(
    role: Role,
    command: Sequence[str | Path],
    home: Path,
    environment: Mapping[str, str],
    *,
    place: Path | None = None,
    user: User | None = None,
) -> Started:
    """Start a process in a session of its own, which Ctrl-C does not reach; it writes a log."""
    log_file(home, role).parent.mkdir(parents=True, exist_ok=True)
    with log_file(home, role).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, or Postgres of a wheel
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=place or folder(home),
            env={**environment, HOME: str(home.resolve()), ROLE: role},
            **as_user(user),
        )
    return Started(pid=process.pid, started=psutil.Process(process.pid).create_time())


def as_user(user: User | None) -> dict[str, Any]:
    """What `subprocess` takes to run as a user, in no group but the user's own."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def log_file(home: Path, role: Role) -> Path:
    """What a process wrote."""
    return folder(home) / f"{role}.log"


def find(started: Started | None) -> psutil.Process | None:
    """The process that was started, None if it has ended (and its number may be another's)."""
    if started is None:
        return None
    with suppress(*GONE):
        process = psutil.Process(started.pid)
        same = abs(process.create_time() - started.started) < CLOCK_SECONDS
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def until(ready: Callable[[], bool], started: Started, seconds: float) -> bool:
    """Whether something becomes ready within these seconds, while the process runs."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and find(started):
        if ready():
            return True
        time.sleep(0.1)
    return False


def belonging(home: Path) -> list[psutil.Process]:
    """Every process of the home's installation but Postgres, which hides its environment."""
    mark = str(home.resolve())
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and environment_of(process).get(HOME) == mark
    ]


def of_role(processes: Iterable[psutil.Process], role: Role) -> list[psutil.Process]:
    """Those in a role, without the flow runs that a worker started."""
    each = ((process, environment_of(process)) for process in processes)
    return [p for p, env in each if env.get(ROLE) == role and FLOW_RUN not in env]


def running_flows(processes: Iterable[psutil.Process]) -> dict[str, psutil.Process]:
    """The processes of flow runs, by the run's id."""
    each = ((environment_of(process).get(FLOW_RUN), process) for process in processes)
    return {run: process for run, process in each if run}


def environment_of(process: psutil.Process) -> dict[str, str]:
    """The environment it was started with; empty for what is gone or not ours to see."""
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (*GONE, OSError):
        return {}


def stop(processes: Iterable[psutil.Process | None], patience: Patience = POLITELY) -> None:
    """End them, with each signal in turn for those that the one before did not end."""
    left = [process for process in processes if process is not None]
    for number, seconds in patience:
        for process in left:
            with suppress(*GONE):
                process.send_signal(number)
        _, left = psutil.wait_procs(left, timeout=seconds)
        if not left:
            return
