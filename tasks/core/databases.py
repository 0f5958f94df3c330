"""Work in a database of any dialect that SQLAlchemy speaks, in one transaction."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from tasks.core.addresses import Address
from tasks.core.errors import PalateError, SettingsError

T = TypeVar("T")
Failed = Callable[[str], PalateError]
"""The error to raise, of what a driver says."""

CONNECT_SECONDS = 10.0
READ_ONLY: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""For Postgres: all statements see the same moment, and none can write."""


def in_database(address: Address, work: Callable[[Connection], T], failed: Failed) -> T:
    """What `work` gives with a connection; what it wrote is committed, unless it raises.

    Raises SettingsError for an address that is none or a driver that is missing, and what `failed`
    gives where the database cannot be reached or refuses.
    """

    def committed(connection: Connection) -> T:
        result = work(connection)
        connection.commit()
        return result

    return _within(address, url_of_database(address), committed, failed, {})


def reading_database(
    address: Address, work: Callable[[Connection], T], failed: Failed, folder: Path
) -> T:
    """The same for work that writes nothing, which Postgres and SQLite enforce.

    Elsewhere it is rolled back. A file of SQLite is looked for from `folder`, and never created.
    """
    url = url_of_database(address)
    options: dict[str, Any] = {}
    if url.get_backend_name() == "postgresql":
        options = {"execution_options": READ_ONLY}
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and url.database and not url.database.startswith("file:"):
        file = quote(str(folder / url.database))
        url = url.set(database=f"file:{file}", query={"mode": "ro", "uri": "true"})

    def of_one_moment(connection: Connection) -> T:
        if is_sqlite:
            connection.exec_driver_sql("BEGIN")
        return work(connection)

    return _within(address, url, of_one_moment, failed, options)


def url_of_database(address: Address) -> URL:
    """The address with a driver that is installed. Raises SettingsError."""
    try:
        url = make_url(address.url())
    except (ArgumentError, ValueError):
        raise SettingsError(
            f"{address.shown}: is no address of a database.",
            "Write postgresql://user:$PASSWORD@host/database, or sqlite:////folder/file.db.",
        ) from None
    if url.drivername == "postgres":
        url = url.set(drivername="postgresql")
    if url.drivername == "postgresql" and find_spec("psycopg2") is None:
        url = url.set(drivername="postgresql+asyncpg")
    if url.drivername == "postgresql+asyncpg" and "sslmode" in url.query:
        mode = url.query["sslmode"]
        return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    return url


def what_failed(address: Address, error: Exception) -> str | None:
    """What a driver says, without statement, values and secrets; None if it is no error of one."""
    # What asyncpg says of a connection that is refused, SQLAlchemy 2.0 leaves as it is.
    of_driver = type(error).__module__.partition(".")[0] == "asyncpg"
    if not of_driver and not isinstance(error, SQLAlchemyError | OSError):
        return None
    cause = getattr(error, "orig", None) or error
    cause = cause.__cause__ or cause
    return address.without_secrets(str(cause)) or type(cause).__name__


def _within(
    address: Address,
    url: URL,
    work: Callable[[Connection], T],
    failed: Failed,
    options: dict[str, Any],
) -> T:
    try:
        if url.get_dialect().is_async:
            return asyncio.run(_asynchronously(url, work, options))
        engine = create_engine(url, hide_parameters=True, **options)
        try:
            with _naming_options():
                connection = engine.connect()
            with connection:
                return work(connection)
        finally:
            engine.dispose()
    except (NoSuchModuleError, ImportError) as error:
        raise SettingsError(
            f"{address.shown}: the driver of this database is not installed"
            f" ({address.without_secrets(str(error))}).",
            "pip install it (pymysql for mysql+pymysql://); for Postgres and SQLite one is there.",
        ) from None
    except Exception as error:
        said = what_failed(address, error)
        if said is None:
            raise
        raise failed(said) from None


async def _asynchronously(url: URL, work: Callable[[Connection], T], options: dict[str, Any]) -> T:
    wait = {} if "timeout" in url.query else {"timeout": CONNECT_SECONDS}
    engine = create_async_engine(url, hide_parameters=True, connect_args=wait, **options)
    try:
        async with AsyncExitStack() as stack:
            with _naming_options():
                connection = await stack.enter_async_context(engine.connect())
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


@contextmanager
def _naming_options() -> Iterator[None]:
    """An option in the address that a driver does not know is an error of the address."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise ArgumentError(str(error)) from error
