"""Reading the results file: read-only, and cut off from every other file and the network."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

import sql
from tasks.errors import QueryError, StoreError
from tasks.store.warehouse import database_file

SAFE: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}

Values = Mapping[str, str | int]


def query(home: Path, statement: str, values: Values | None = None) -> pl.DataFrame:
    """Rows of one statement, with `values` for its $names.

    Raises StoreError without a results file, QueryError when the statement fails.
    """
    with _answer(home, statement, values) as answer, _explained(statement):
        rows: pl.DataFrame = answer.pl()
        return rows


@contextmanager
def stream(home: Path, statement: str) -> Iterator[Iterator[pl.DataFrame]]:
    """Rows of one statement, batch by batch, never all at once; raises as above.

    The first batch is empty: it has the columns, whatever comes after it.
    """
    with _answer(home, statement, None) as answer:
        with _explained(statement):
            reader = answer.to_arrow_reader()
        yield _batches(reader, statement)


def _batches(reader: pa.RecordBatchReader, statement: str) -> Iterator[pl.DataFrame]:
    yield pl.DataFrame(reader.schema.empty_table())
    while True:
        try:
            with _explained(statement):
                batch = reader.read_next_batch()
        except StopIteration:
            return
        yield pl.DataFrame(batch)


@contextmanager
def _answer(home: Path, statement: str, values: Values | None) -> Iterator[duckdb.DuckDBPyRelation]:
    file = database_file(home)
    if not file.is_file():
        raise StoreError(
            f"{file}: there are no results yet.", "Run `palate nightly`, or give --home."
        )
    with _explained(statement):
        database = duckdb.connect(file, read_only=True, config=SAFE)
    with database:
        with _explained(statement):
            answer = database.sql(statement, params=dict(values or {}))
        if answer is None:
            raise QueryError(f"The statement gives no rows:\n{statement}", "Use a SELECT.")
        yield answer


@contextmanager
def _explained(statement: str) -> Iterator[None]:
    """A failure as QueryError; pyarrow reports one in the middle of the rows as OSError."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise QueryError(
            f"{error}\nThe statement was:\n{statement.strip()}\n",
            'Tables and columns: palate sql "SHOW ALL TABLES". A file of an older palate gets new'
            " ones when the next run is published.",
        ) from error


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
    raise QueryError(
        f"{asked}: no such file, and no question of that name ships.",
        "`palate questions` lists those that do.",
    )
