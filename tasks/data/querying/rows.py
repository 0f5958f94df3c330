"""The rows of a statement, some at a time, into a Parquet file of the home."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult

from tasks.core.addresses import Address
from tasks.core.artifacts import scratch, sink_table
from tasks.core.databases import what_failed
from tasks.core.errors import BadDataError
from tasks.core.full_disk import watching_disk
from tasks.core.progress import bar
from tasks.core.vocabulary import Artifact
from tasks.data.querying.parts import PartedTable

KIND = "queried"
ROWS_AT_ONCE = 20_000

Check = Callable[[Sequence[str]], None]
"""Raises where columns of these names will not do."""


@dataclass(frozen=True)
class Statement:
    """One statement that only reads; `origin` is how messages name it."""

    sql: str
    origin: Path
    database: Address

    def check(self, connection: Connection, check: Check) -> None:
        """Look at its columns; no rows are fetched. Raises BadDataError where it fails."""
        with self._asked(connection) as result:
            check(self._names(result))

    def keep(self, home: Path, connection: Connection, check: Check) -> Artifact:
        """Write its rows, in their order, as a file under `home` that appears whole or not at all.

        Raises BadDataError where it fails, or gives no rows.
        """
        with scratch(home, KIND) as stem, watching_disk(stem.parent):
            with self._asked(connection) as result, bar(f"reading {self.origin.name}") as advance:
                names = self._names(result)
                check(names)
                with PartedTable(names, stem) as parts:
                    for rows in result.partitions(ROWS_AT_ONCE):
                        parts.write(rows)
                        advance(len(rows))
            if not parts.files:
                raise self._bad("it gives no rows", "Correct the statement.")
            return sink_table(home, KIND, parts.joined())

    @contextmanager
    def _asked(self, connection: Connection) -> Iterator[CursorResult[Any]]:
        """Its result, of which no more is fetched than is asked for."""
        streamed = connection.execution_options(yield_per=ROWS_AT_ONCE, no_parameters=True)
        try:
            with streamed.exec_driver_sql(self.sql) as result:
                if not result.returns_rows:
                    raise self._bad("it gives no rows", "Write a SELECT.")
                yield result
        except Exception as error:
            said = what_failed(self.database, error)
            if said is None:
                raise
            fix = "Correct the statement, or check the database and what its user may read."
            raise self._bad(f"the statement failed ({said})", fix) from None

    def _names(self, result: CursorResult[Any]) -> Sequence[str]:
        names = list(result.keys())
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise self._bad(f"two columns are called '{twice}'", "Name one otherwise: ... AS name.")
        return names

    def _bad(self, problem: str, fix: str) -> BadDataError:
        return BadDataError(self.origin, problem, fix)
