"""Two small chunk stages for tests of how stages are run and joined."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import write_arrays, write_table
from tasks.core.chunks import rows_of
from tasks.core.stage import Rows, chunk_stage
from tasks.core.vocabulary import Artifact


@chunk_stage("double", "1", role="figures")
def doubled_stage(home: Path, rows: Rows, table: Artifact, factor: int) -> Artifact:
    """These rows with their items times the factor."""
    made = rows_of(home, table, rows).with_columns(pl.col("item") * factor)
    return write_table(home, "doubled", made)


@chunk_stage("count items", "1", role="figures")
def lengths_stage(home: Path, rows: Rows, table: Artifact) -> Artifact:
    """The items of these rows as an array."""
    items = rows_of(home, table, rows)["item"].to_numpy()
    return write_arrays(home, "items", len(items), {"items": items})
