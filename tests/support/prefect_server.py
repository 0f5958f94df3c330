"""Prefect's server on a Postgres of its own, for a whole test session.

On SQLite, Prefect's default, the server answers 503 to whoever asks while it writes, and clients
wait 2, 4, 8, 16 and 32 seconds before they ask again. A process of its own starts both, so that
tests without flows need not wait, and ends both when the session is gone, even after kill -9.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from flows.service.postgres import PATIENCE, address, start_postgres
from flows.service.processes import find, stop
from flows.service.server import temporary_server
from tasks.core.files import replacing

SECONDS = 180.0
WATCH_SECONDS = 0.3
END_SECONDS = 30.0
DATABASE = "PREFECT_SERVER_DATABASE_CONNECTION_URL"

FAST = ("fsync", "full_page_writes", "synchronous_commit")
"""What keeps a database through a power cut, and is off: this one is thrown away."""


@contextmanager
def server_process(folder: Path) -> Iterator[Path]:
    """Start the server in the background; gives the file that holds its address once it answers.

    `folder` is for what both keep and log. Ctrl-C does not reach the process: it ends with the
    block, or when this process is gone.
    """
    with (folder / "server.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield folder / "address"
    finally:
        process.terminate()
        process.wait(END_SECONDS)


def wait_for_address(file: Path) -> str:
    """The address of the API of a server that answers; raises TimeoutError with its log."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if file.is_file():
            return file.read_text(encoding="utf-8")
        time.sleep(0.1)
    raise TimeoutError((file.parent / "server.log").read_text(encoding="utf-8"))


def _serve(folder: Path, parent: int) -> None:
    """Run in the server's process: both live until the parent is gone, or until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _postgres(folder) as database:
        os.environ[DATABASE] = database
        with temporary_server(folder) as (url, wait):
            wait()
            with replacing(folder / "address") as private:
                private.write_text(url, encoding="utf-8")
            while os.getppid() == parent:
                time.sleep(WATCH_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)  # nobody is left to do that


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """A Postgres for the block; gives the URL of its database."""
    started, sockets = start_postgres(folder, lambda _: None)
    try:
        asyncio.run(_make_fast(sockets))
        yield address(sockets)
    finally:
        stop([find(started)], PATIENCE)


async def _make_fast(sockets: Path) -> None:
    connection = await asyncpg.connect(host=str(sockets), user="postgres", database="postgres")
    for setting in FAST:
        await connection.execute(f"ALTER SYSTEM SET {setting} = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]))
