"""The ledger's database: a SQLite file, or any Postgres."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from asyncpg import PostgresError  # type: ignore[import-untyped]
from filelock import FileLock
from sqlalchemy import Executable, event, make_url
from sqlalchemy.engine import URL, Row
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tasks.core.errors import LedgerError
from tasks.core.homes import url_of
from tasks.core.secrets import NOT_SHARED, Secrets
from tasks.llm.ledger.tables import metadata

FILE = "ledger.sqlite"
WAL = "PRAGMA journal_mode=WAL"
BUSY_SECONDS = 30.0
COMMAND_SECONDS = 120.0

URL_FORM = (
    "Write postgresql://user:password@host/database, with ?sslmode=require if need be and special"
    " characters percent-encoded"
)
URL_FIX = f"{URL_FORM}, or unset it for a file in --home."

OPTIONS = {"sslmode": "ssl", "host": "host"}
"""What an address may say after its "?" (a host: a socket's folder), and what asyncpg calls it."""

QUOTABLE = {DatabaseError, InterfaceError, InternalError, OperationalError}
"""Errors whose message is about the database; others may quote the values that were written."""

FAILURES = (SQLAlchemyError, PostgresError, OSError)
"""What a database does that cannot be reached, read or written; SQLAlchemy 2.0 leaves what asyncpg
says of a connection that is refused as it is."""

Change = tuple[Executable, Sequence[Mapping[str, Any]] | Mapping[str, Any] | None]
"""A statement and its values."""

Waiting = tuple[Sequence[Change], "asyncio.Future[None]"]


def ledger_url(home: Path, secrets: Secrets) -> URL:
    """Where the ledger is: PALATE_LEDGER_URL, or a file in `home`."""
    if secrets.palate_ledger_url is None and url_of(home):
        raise LedgerError(
            f"{url_of(home)}: {NOT_SHARED}.", URL_FIX.partition(", or unset")[0] + "."
        )
    if secrets.palate_ledger_url is None:
        return URL.create("sqlite+aiosqlite", database=str(home.resolve() / FILE))
    problem, url = "is not a database address", None
    with contextlib.suppress(ArgumentError, ValueError):
        url = make_url(secrets.palate_ledger_url.get_secret_value())
    if url is not None and url.get_backend_name() != "postgresql":
        problem = f"names a {url.get_backend_name()} database"
    elif url is not None and url.query.keys() - OPTIONS.keys():
        problem = f"has options other than {' and '.join(OPTIONS)}"
    elif url is not None and 0 < (url.port or 5432) < 65_536:
        options = {OPTIONS[name]: value for name, value in url.query.items()}
        return url.set(drivername="postgresql+asyncpg", query=options)
    raise LedgerError(f"PALATE_LEDGER_URL {problem}.", URL_FIX)


class Database:
    """Reads, and commits of which each is on disk when `change` returns.

    Changes that arrive while a commit is under way go into the next one together: hundreds of
    slots share one fsync. Where one of them cannot be committed, the others are, one by one.
    """

    def __init__(self, url: URL, busy_seconds: float = BUSY_SECONDS) -> None:
        self.url, self._busy_seconds = url, busy_seconds
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._engine: AsyncEngine | None = None
        self._waiting: list[Waiting] = []
        self._wake = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and create the tables that are missing. Raises LedgerError."""
        try:
            if self.is_sqlite and self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._engine = self._make_engine()
            with self._first():
                self._look()
                async with self._engine.begin() as connection:
                    await self._create(connection)
        except (*FAILURES, sqlite3.Error, ValueError, TypeError) as error:
            if self._engine:
                await self._engine.dispose()
            raise self.broken("opened", error) from None
        self._writer = asyncio.create_task(self._write())

    def _first(self) -> contextlib.AbstractContextManager[object]:
        """One process at a time makes the file a WAL file: SQLite itself does not wait for that."""
        if not self.is_sqlite:
            return contextlib.nullcontext()
        return FileLock(f"{self.url.database}.opening", timeout=self._busy_seconds)

    def _look(self) -> None:
        """Open a file plainly first: one that is bad would leave a thread of aiosqlite behind."""
        if self.is_sqlite:
            connection = sqlite3.connect(str(self.url.database), timeout=self._busy_seconds)
            with contextlib.closing(connection):
                connection.execute(WAL)

    def _make_engine(self) -> AsyncEngine:
        wait: dict[str, float] = {"timeout": self._busy_seconds}
        if not self.is_sqlite:
            wait["command_timeout"] = COMMAND_SECONDS
        engine = create_async_engine(
            self.url, connect_args=wait, hide_parameters=True, pool_pre_ping=not self.is_sqlite
        )
        if self.is_sqlite:
            event.listen(engine.sync_engine, "connect", _durable)
        return engine

    async def _create(self, connection: AsyncConnection) -> None:
        """Two may come first at once, and CREATE IF NOT EXISTS races: one waits for the other."""
        alone = "BEGIN IMMEDIATE" if self.is_sqlite else "SELECT pg_advisory_xact_lock(7237422)"
        await connection.exec_driver_sql(alone)
        await connection.run_sync(metadata.create_all)

    async def connect(self) -> AsyncConnection:
        """A connection of its own, for what must outlive a transaction. Raises LedgerError."""
        try:
            return await self._open_engine().connect()
        except FAILURES as error:
            raise self.broken("opened", error) from None

    async def rows(self, statement: Executable) -> Sequence[Row[Any]]:
        """All rows of a query. Raises LedgerError."""
        try:
            async with self._open_engine().connect() as connection:
                return (await connection.execute(statement)).all()
        except FAILURES as error:
            raise self.broken("read", error) from None

    async def changed(self, statement: Executable) -> int:
        """Commit a change by itself; gives the number of rows it found. Raises LedgerError."""
        try:
            async with self._open_engine().begin() as connection:
                return int((await connection.execute(statement)).rowcount)
        except FAILURES as error:
            raise self.broken("written", error) from None

    async def change(self, *changes: Change) -> None:
        """Commit these changes, all or none. Raises LedgerError."""
        if self._writer is None or self._writer.done():
            raise self.broken("written", RuntimeError("it is not open"))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((changes, done))
        self._wake.set()
        await done

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            together, self._waiting = self._waiting, []
            commit = asyncio.create_task(self._commit_all(together))
            try:
                await asyncio.shield(commit)
            except asyncio.CancelledError:  # closing: what was begun is brought to its end
                await commit
                raise

    async def _commit_all(self, together: Sequence[Waiting]) -> None:
        try:
            await self._commit([change for changes, _ in together for change in changes])
        except Exception as error:
            if len(together) == 1:
                _settle(together[0], self.broken("written", error))
                return
            for one in together:
                await self._commit_all([one])
        else:
            for one in together:
                _settle(one, None)

    async def _commit(self, changes: Sequence[Change]) -> None:
        async with self._open_engine().begin() as connection:
            for statement, values in changes:
                await connection.execute(statement, values)

    def _open_engine(self) -> AsyncEngine:
        if self._engine is None:
            raise self.broken("used", RuntimeError("it is not open"))
        return self._engine

    def broken(self, what: str, error: Exception) -> LedgerError:
        """The error to raise; it names the file or host, never a password or what was written."""
        plain = (PostgresError, sqlite3.Error, OSError, RuntimeError, ValueError)
        quotable = type(error) in QUOTABLE or isinstance(error, plain)
        cause = str(getattr(error, "orig", None) or error) if quotable else ""
        first = (cause.splitlines() or [type(error).__name__])[0]
        host = str(self.url.host or self.url.query.get("host", "")).rpartition("@")[2]
        where = self.url.database if self.is_sqlite else f"postgresql://{host}/{self.url.database}"
        return LedgerError(
            f"{where}: the ledger could not be {what} ({first}).",
            "Check that it can be reached, that no other program holds it and that the disk has"
            " free space; then run the same command again: what was committed is kept.",
        )

    async def close(self) -> None:
        """Commit what waits, and disconnect."""
        while self._waiting and self._writer and not self._writer.done():
            await asyncio.sleep(0.005)
        if self._writer:
            self._writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writer
        if self._engine:
            await self._engine.dispose()
            self._engine = None


def _settle(one: Waiting, error: LedgerError | None) -> None:
    _, done = one
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


def _durable(connection: Any, _record: object) -> None:  # noqa: ANN401
    cursor = connection.cursor()
    for pragma in (WAL, "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON"):
        cursor.execute(pragma)
    cursor.close()
