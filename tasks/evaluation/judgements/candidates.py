"""Pairs that others judged, as candidates beside our own."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.stage import stage
from tasks.core.vocabulary import BASE_RANK, ITEM, SIMILARITY, USER, Artifact


@stage("take pairs of others", "1", "polars", role="figures")
def pairs_of_others_stage(
    home: Path, pairs: Artifact, users: Artifact, items: Artifact, first: int | None = None
) -> Artifact:
    """User, item, base_rank of the users who are tested, in the order of the pairs' similarity.

    Of each user the `first`, if given; pairs without a similarity are in the order of their rows.
    """
    table = read_table(home, pairs).join(read_table(home, users), on=USER, how="semi")
    known = table.join(read_table(home, items), on=ITEM, how="semi", maintain_order="left")
    if SIMILARITY in known.columns:
        known = known.sort(USER, SIMILARITY, ITEM, descending=[False, True, False])
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER).alias(BASE_RANK)
    placed = known.select(USER, ITEM, place)
    kept = placed if first is None else placed.filter(pl.col(BASE_RANK) <= first)
    return write_table(home, "candidates", kept.sort(USER, BASE_RANK))
