"""Leave-one-out: whether the one item taken away is found again (PAPER.md, protocol P1)."""

import numpy as np
import polars as pl

from tasks.evaluation.splits.parts import Parts, with_both_sides
from tasks.vocabulary import ITEM, USER


def loo(ratings: pl.DataFrame, seed: int) -> Parts:
    """One rating of every user is held out, for hit rates; see `leave_one_out`.

    The seed decides which one. Users with a single rating are not tested.
    """
    return with_both_sides(*leave_one_out(ratings, ratings[USER].unique(), seed))


def leave_one_out(
    ratings: pl.DataFrame, users: pl.Series, seed: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(train, held out): one random rating of each of `users` is held out (PAPER.md, protocol P1).

    A user with a single rating keeps it: with nothing in train there is nothing to judge.
    """
    mine = ratings.join(pl.DataFrame({USER: users}), on=USER, how="semi").sort(USER, ITEM)
    draws = np.random.default_rng(seed).random(mine.height)
    drawn = mine.with_columns(pl.Series("draw", draws))
    several = drawn.filter(pl.len().over(USER) > 1)
    held = several.filter(pl.col("draw") == pl.col("draw").max().over(USER)).drop("draw")
    train = ratings.join(held.select(USER, ITEM), on=[USER, ITEM], how="anti")
    return train.sort(USER, ITEM), held.sort(USER, ITEM)
