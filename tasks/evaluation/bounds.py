"""The floor and the ceiling of re-ranking: no order worth having is below, none can be above."""

import numpy as np
import polars as pl

from tasks.core.vocabulary import BASE_RANK, ITEM, USER, BoundName
from tasks.ranking.rules import in_order_of


def bound(
    candidates: pl.DataFrame, held_out: pl.DataFrame, name: BoundName, seed: int
) -> pl.DataFrame:
    """The candidates with score and rank: in a seeded random order, or the held-out ones first.

    The oracle is the only order that sees held-out ratings: it shows what these candidates allow.
    """
    if name == "random":
        placed = candidates.sort(USER, BASE_RANK)
        draws = np.random.default_rng(seed).random(placed.height)
        return in_order_of(placed, pl.lit(pl.Series(draws)))
    wanted = held_out.select(USER, ITEM, pl.lit(1.0).alias("held"))
    known = candidates.join(wanted, on=[USER, ITEM], how="left", maintain_order="left")
    return in_order_of(known, pl.col("held").fill_null(0.0)).drop("held")
