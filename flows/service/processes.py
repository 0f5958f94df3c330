"""Processes that outlive the command: started apart from it, found again, stopped for certain."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from flows.service.state import Role, Started, folder

HOME, ROLE, FLOW_RUN = "PALATE_STANDING", "PALATE_ROLE", "PREFECT__FLOW_RUN_ID"
"""Environment by which what belongs to an installation is found, whoever started it: what a
killed worker leaves running stands in no state file. The last one is Prefect's own."""

CLOCK_SECONDS = 1.0
"""How much the start of a process may seem to move when the clock is set."""

User = pwd.struct_passwd
GONE = (psutil.NoSuchProcess, psutil.AccessDenied)
Stage = tuple[signal.Signals, float]
"""A signal, and the seconds that a process has to end after it."""

POLITELY: Sequence[Stage] = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


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


def find(known: Started | None) -> psutil.Process | None:
    """The process that was started, None if it has ended (and its number may be another's)."""
    if known is None:
        return None
    with suppress(*GONE):
        process = psutil.Process(known.pid)
        same = abs(process.create_time() - known.started) < CLOCK_SECONDS
        if same and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


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
    found = ((process, environment_of(process)) for process in processes)
    return [p for p, env in found if env.get(ROLE) == role and FLOW_RUN not in env]


def running_flows(processes: Iterable[psutil.Process]) -> dict[str, psutil.Process]:
    """The processes of flow runs, by the run's id."""
    found = ((environment_of(process).get(FLOW_RUN), process) for process in processes)
    return {run: process for run, process in found if run}


def environment_of(process: psutil.Process) -> dict[str, str]:
    """The environment it was started with; empty for what is gone or not ours to see."""
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (*GONE, OSError):
        return {}


def stop(processes: Iterable[psutil.Process | None], stages: Sequence[Stage] = POLITELY) -> None:
    """End them, with each signal in turn for those that the one before did not end."""
    left = [process for process in processes if process is not None]
    for number, seconds in stages:
        for process in left:
            with suppress(*GONE):
                process.send_signal(number)
        _, left = psutil.wait_procs(left, timeout=seconds)
        if not left:
            return
