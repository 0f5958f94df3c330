"""Lists as a table of a database, in any dialect that SQLAlchemy speaks."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl
from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    Connection,
    DateTime,
    Double,
    Integer,
    MetaData,
    String,
    Text,
    inspect,
)
from sqlalchemy import Table as SqlTable

from tasks.core.databases import in_database, reading_database, url_of_database
from tasks.core.errors import StoreError
from tasks.core.targets import Target
from tasks.store.export.files import check_folder

ROWS_AT_ONCE = 10_000
SHORT = ("mysql", "mariadb", "mssql", "oracle")
"""Dialects that want a length for a text that is part of a key."""

FIX = "Check the address, the password and the rights in the database; then export again."


def write_table_of(target: Target, batches: Iterator[pl.DataFrame]) -> int:
    """Replace every row of the table, in one transaction; gives their number.

    The table is made where there is none; readers see the rows of before until all new ones are
    there. Raises StoreError, where a table of that name holds something else as well.
    """
    return in_database(
        target, partial(_replace, target=target, batches=batches), partial(_failed, target)
    )


def check_table(target: Target) -> None:
    """Return if the table could be replaced; nothing is changed or made.

    Raises StoreError and SettingsError as `write_table_of` would.
    """
    url = url_of_database(target)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        check_folder(target, Path(url.database or ""))
        return
    check = partial(_check_columns, table=_table(target.name), target=target)
    reading_database(target, check, partial(_failed, target), Path())


def _failed(target: Target, said: str) -> StoreError:
    return StoreError(f"{target.shown}: lists cannot be written ({said}).", FIX)


def _replace(connection: Connection, target: Target, batches: Iterator[pl.DataFrame]) -> int:
    table, rows = _table(target.name), 0
    _check_columns(connection, table, target)
    table.create(connection, checkfirst=True)
    connection.execute(table.delete())
    for batch in batches:
        for part in batch.iter_slices(ROWS_AT_ONCE):
            if part.height:
                connection.execute(table.insert(), part.to_dicts())
                rows += part.height
    return rows


def _check_columns(connection: Connection, table: SqlTable, target: Target) -> None:
    """Raise StoreError where a table of that name is there that was not made here."""
    look = inspect(connection)
    if table.schema and table.schema not in look.get_schema_names():
        raise StoreError(
            f"{target.shown}: there is no schema '{table.schema}'.",
            "Create it, or name another after the '#'.",
        )
    if table.name in look.get_view_names(schema=table.schema):
        raise StoreError(
            f"{target.shown}: '{table.name}' is a view.", "Name another after the '#'."
        )
    if not look.has_table(table.name, schema=table.schema):
        return
    there = {column["name"] for column in look.get_columns(table.name, schema=table.schema)}
    if there != set(table.columns.keys()):
        odd = sorted(there ^ set(table.columns.keys()))
        raise StoreError(
            f"{target.shown}: the table '{target.name}' has other columns than the lists"
            f" ({', '.join(odd)}); nothing in it was changed.",
            "Name another table after the '#', or drop that one.",
        )


def _table(name: str) -> SqlTable:
    """The table of that name, perhaps with a schema, and its columns: `sql/export/lists.sql`."""
    schema, _, plain = name.rpartition(".")
    key = Text().with_variant(String(255), *SHORT)
    return SqlTable(
        plain,
        MetaData(),
        SqlColumn("user_id", key, primary_key=True),
        SqlColumn("item_id", key, primary_key=True),
        SqlColumn("rank", Integer, nullable=False),
        SqlColumn("score", Double, nullable=False),
        SqlColumn("estimate", Double, nullable=False),
        SqlColumn("title", Text, nullable=False),
        SqlColumn("year", Integer),
        SqlColumn("reasons", Text),
        SqlColumn("why", Text),
        SqlColumn("run_id", Text, nullable=False),
        SqlColumn("dataset", Text),
        SqlColumn("made_at_utc", DateTime, nullable=False),
        schema=schema or None,
    )
