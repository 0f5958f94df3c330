"""Chunks of users: reading what is theirs out of tables of everybody, and putting chunks together.

Tables of users are sorted by user, so that little more than a chunk's own rows is read.
"""

from pathlib import Path
from typing import Any

import polars as pl
from prefect import Task

from tasks.core.artifacts import scan_table, sink_table
from tasks.core.stage import step
from tasks.core.vocabulary import USER, Artifact

Rows = tuple[int, int]
"""Which rows of the table of users, or of items, a chunk is: the first, and the one after it."""


def rows_of(home: Path, table: Artifact, rows: Rows) -> pl.DataFrame:
    """These rows of a table, in its order."""
    return scan_table(home, table).slice(rows[0], rows[1] - rows[0]).collect()


def theirs(home: Path, table: Artifact, users: pl.Series) -> pl.DataFrame:
    """The rows of these users, who are sorted, in the order of the table."""
    if not len(users):
        return scan_table(home, table).head(0).collect()
    span = pl.col(USER).is_between(pl.lit(users[0]), pl.lit(users[-1]))
    wanted = users.to_frame(USER).lazy()
    rows = scan_table(home, table).filter(span)
    found = rows.join(wanted, on=USER, how="semi", maintain_order="left")
    return found.collect(engine="streaming")


def gather(kind: str, what: str) -> Task[..., Any]:
    """The task that makes one table, a file of this `kind`, of what chunks made, in their order."""

    @step(f"gather {what}", "1")
    def gather_task(home: Path, chunks: list[Artifact]) -> Artifact:
        tables = [scan_table(home, chunk) for chunk in chunks if chunk.rows] or [
            scan_table(home, chunks[0])
        ]
        return sink_table(home, kind, pl.concat(tables))

    return gather_task
