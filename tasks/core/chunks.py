"""Chunks of users: reading what is theirs out of tables of everybody.

Tables of users are sorted by user, so that little more than a chunk's own rows is read.
"""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import scan_table
from tasks.core.stage import Rows
from tasks.core.vocabulary import USER, Artifact


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
    mine = rows.join(wanted, on=USER, how="semi", maintain_order="left")
    return mine.collect(engine="streaming")
