"""Large answers of the results file: batch by batch, read-only and cut off like all others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from tasks.core.errors import QueryError
from tasks.store.query import SAFE, failed, results_of


@contextmanager
def stream(home: Path, statement: str) -> Iterator[Iterator[pl.DataFrame]]:
    """Rows of one statement, never all at once; raises as `query` does.

    The first batch is empty: it has the columns, whatever comes after it.
    """
    file = results_of(home)
    try:
        database = duckdb.connect(file, read_only=True, config=SAFE)
    except duckdb.Error as error:
        raise failed(statement, error) from error
    with database:
        yield _batches(_reader(database, statement), statement)


def _reader(database: duckdb.DuckDBPyConnection, statement: str) -> pa.RecordBatchReader:
    try:
        answer = database.sql(statement)
        if answer is None:
            raise QueryError(f"The statement gives no rows:\n{statement}", "Use a SELECT.")
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
