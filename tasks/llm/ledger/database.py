"""The ledger's database: a SQLite file, or any Postgres, written in groups of whole changes."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Executable, event, make_url
from sqlalchemy.engine import URL, Row
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tasks.errors import LedgerError
from tasks.llm.ledger.tables import metadata
from tasks.secrets import Secrets

FILE = "ledger.sqlite"
BUSY_SECONDS = 30.0

Change = tuple[Executable, Sequence[Mapping[str, Any]] | Mapping[str, Any] | None]
"""A statement and its values."""


def ledger_url(home: Path, secrets: Secrets) -> URL:
    """Where the ledger is: PALATE_LEDGER_URL, or a file in `home`."""
    if secrets.palate_ledger_url is None:
        return URL.create("sqlite+aiosqlite", database=str(home.resolve() / FILE))
    try:
        url = make_url(secrets.palate_ledger_url.get_secret_value())
    except ArgumentError:
        raise LedgerError("PALATE_LEDGER_URL is not a database address.", URL_FIX) from None
    if url.get_backend_name() != "postgresql":
        raise LedgerError(f"PALATE_LEDGER_URL names a {url.get_backend_name()} database.", URL_FIX)
    return url.set(drivername="postgresql+asyncpg")


URL_FIX = "Write postgresql://user:password@host/database, or unset it for a file in --home."


class Database:
    """Reads, and commits of which each is on disk when `change` returns.

    Changes that arrive while a commit is under way go into the next one together: hundreds of
    slots share one fsync.
    """

    def __init__(self, url: URL, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url, self._busy_seconds = url, busy_seconds
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine: AsyncEngine | None = None
        self._waiting: list[tuple[Sequence[Change], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and create the tables that are missing. Raises LedgerError."""
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        timeout = {"timeout": self._busy_seconds}
        self._engine = create_async_engine(self.url, connect_args=timeout, hide_parameters=True)
        if self.is_sqlite:
            event.listen(self._engine.sync_engine, "connect", _durable)
        try:
            async with self._engine.begin() as connection:
                await self._create(connection)
        except (SQLAlchemyError, OSError) as error:
            await self._engine.dispose()
            raise self._broken("opened", error) from None
        self._writer = asyncio.create_task(self._write())

    async def _create(self, connection: AsyncConnection) -> None:
        if not self.is_sqlite:  # two machines may come at once, and CREATE IF NOT EXISTS races
            await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7237422)")
        await connection.run_sync(metadata.create_all)

    async def connect(self) -> AsyncConnection:
        """A connection of its own, for what must outlive a transaction."""
        return await self._open_engine().connect()

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """All rows of a query. Raises LedgerError."""
        try:
            async with self._open_engine().connect() as connection:
                return (await connection.execute(statement)).all()
        except (SQLAlchemyError, OSError) as error:
            raise self._broken("read", error) from None

    async def change(self, *changes: Change) -> None:
        """Commit these changes, all or none. Raises LedgerError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((changes, done))
        self._wake.set()
        await done

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            together, self._waiting = self._waiting, []
            try:
                await self._commit([c for changes, _ in together for c in changes])
            except Exception as error:
                broken = self._broken("written", error)
                _settle(together, broken)
            else:
                _settle(together, None)

    async def _commit(self, changes: Sequence[Change]) -> None:
        async with self._open_engine().begin() as connection:
            for statement, values in changes:
                await connection.execute(statement, values)

    def _open_engine(self) -> AsyncEngine:
        if self._engine is None:
            raise LedgerError("The ledger is not open.", "This is a fault of palate: report it.")
        return self._engine

    def _broken(self, what: str, error: Exception) -> LedgerError:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        where = self.url.render_as_string(hide_password=True)
        return LedgerError(
            f"{where}: the ledger could not be {what} ({cause}).",
            "Check the disk's free space and that no other program holds it; then run the same"
            " command again: what was committed is kept.",
        )

    async def close(self) -> None:
        """Commit what waits, and disconnect."""
        while self._waiting:
            await asyncio.sleep(0.01)
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        if self._engine:
            await self._engine.dispose()


def _settle(
    together: Sequence[tuple[Sequence[Change], asyncio.Future[None]]], error: LedgerError | None
) -> None:
    for _, done in together:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
