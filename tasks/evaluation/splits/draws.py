"""Random draws that protocols share; all of them expect rows or ids that are sorted."""

import numpy as np
import polars as pl

PLACE = "place"
TRAIN_SHARE = 0.75


def with_places(ratings: pl.DataFrame, group: str, random: np.random.Generator) -> pl.DataFrame:
    """`ratings` with `place`: 1, 2, 3 ... in a random order of the rows of each `group`."""
    draw = pl.Series("draw", random.random(ratings.height))
    placed = ratings.with_columns(draw).with_columns(
        pl.col("draw").rank("ordinal").over(group).alias(PLACE)
    )
    return placed.drop("draw")


def three_quarters(
    ratings: pl.DataFrame, group: str, random: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(train, held out): of the n ratings of each `group`, round(0.75 n) random ones are train.

    Half rounds to even, as Python's round does: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 4 of 6. So a group
    always keeps one in train, and has none held out where n < 3.
    """
    placed = with_places(ratings, group, random)
    share = (pl.len().over(group) * TRAIN_SHARE).round(mode="half_to_even")
    kept = pl.col(PLACE) <= share
    return placed.filter(kept).drop(PLACE), placed.filter(~kept).drop(PLACE)


def some_of(ids: pl.Series, share: float, random: np.random.Generator) -> pl.Series:
    """A random `share` of `ids`, rounded, at least one where there is one; sorted."""
    wanted = min(ids.len(), max(1, round(share * ids.len())))
    return ids.gather(random.choice(ids.len(), wanted, replace=False)).sort()
