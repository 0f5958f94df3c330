"""Reading the results file: read-only, and cut off from every other file and the network.

`query` gives rows at once, `stream` batch by batch.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

import sql
from tasks.core.errors import StoreError
from tasks.core.homes import url_of
from tasks.core.nearest import nearest
from tasks.store.warehouse import database_file, has_results

MISSING = re.compile(r'Table with name "?(\w+)"? does not exist|column "(\w+)" not found')
"""How DuckDB says that there is no such table or column."""

SAFE: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}


def query(
    home: Path, statement: str, values: Mapping[str, str | int] | None = None
) -> pl.DataFrame:
    """Rows of one statement, with `values` for its $names.

    Raises StoreError without a results file, when the statement fails, and where they are shared
    and cannot be fetched.
    """
    try:
        with duckdb.connect(results_of(home), read_only=True, config=SAFE) as database:
            answer = database.sql(statement, params=dict(values or {}))
            if answer is None:
                raise StoreError(f"The statement gives no rows:\n{statement}", "Use a SELECT.")
            rows: pl.DataFrame = answer.pl()
            return rows
    except duckdb.Error as error:
        raise failed(statement, error) from error


@contextmanager
def stream(
    home: Path, statement: str, values: Mapping[str, str | int] | None = None
) -> Iterator[Iterator[pl.DataFrame]]:
    """Rows of one statement, never all at once; takes values and raises as `query` does.

    The first batch is empty: it has the columns, whatever comes after it.
    """
    file = results_of(home)
    try:
        database = duckdb.connect(file, read_only=True, config=SAFE)
    except duckdb.Error as error:
        raise failed(statement, error) from error
    with database, _reader(database, statement, values or {}) as reader:
        yield _batches(reader, statement)


def results_of(home: Path) -> Path:
    """The results file. Raises StoreError where there is none."""
    file = database_file(home)
    if not has_results(home):
        where = url_of(home) or file
        raise StoreError(
            f"{where}: there are no results yet.", "Run `palate nightly`, or give --home."
        )
    return file


def failed(statement: str, error: Exception) -> StoreError:
    """The error to raise for a statement."""
    hint = f"Nearest: {', '.join(names)}. " if (names := nearest_names(error)) else ""
    return StoreError(
        f"{error}\nThe statement was:\n{statement.strip()}\n",
        f"{hint}`palate tables` lists what there is, `palate tables NAME` its columns. A file of"
        " an older palate gets new ones when the next run is published.",
    )


def nearest_names(error: Exception) -> list[str]:
    """Names of ours that are near to the table or column that a statement names and nobody has."""
    missing = MISSING.search(str(error))
    if missing is None:
        return []
    return nearest(missing[1] or missing[2], _names(), most=3)


@cache
def _names() -> list[str]:
    """Every table and view of a new results file, and their columns."""
    with duckdb.connect() as database:
        database.execute(sql.statement("schema.sql"))
        for view in sql.VIEWS:
            database.execute(f"CREATE VIEW {view} AS {sql.statement(f'views/{view}.sql')}")
        asked = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
        names = {name for row in database.execute(asked).fetchall() for name in row}
    return sorted(names)


def find_statement(asked: str) -> str:
    """The SQL itself, or what the file or the shipped question of that name holds."""
    if not asked.endswith(".sql") and asked not in sql.questions():
        return asked
    file = Path(asked)
    if file.is_file():
        return file.read_text(encoding="utf-8")
    name = file.name.removesuffix(".sql")
    if name in sql.questions():
        return sql.statement(f"questions/{name}.sql")
    raise StoreError(
        f"{asked}: no such file, and no question of that name ships.",
        "`palate questions` lists those that do.",
    )


def _reader(
    database: duckdb.DuckDBPyConnection, statement: str, values: Mapping[str, str | int]
) -> pa.RecordBatchReader:
    try:
        answer = database.sql(statement, params=dict(values))
        if answer is None:
            raise StoreError(f"The statement gives no rows:\n{statement}", "Use a SELECT.")
        return answer.to_arrow_reader()
    except duckdb.Error as error:
        raise failed(statement, error) from error


def _batches(reader: pa.RecordBatchReader, statement: str) -> Iterator[pl.DataFrame]:
    """The rows; what DuckDB finds wrong in the middle comes from pyarrow as OSError."""
    yield pl.DataFrame(reader.schema.empty_table())
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise failed(statement, error) from error
        yield pl.DataFrame(batch)
