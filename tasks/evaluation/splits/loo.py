"""Leave-one-out: whether the one item taken away is found again (PAPER.md, protocol P1)."""

import numpy as np
import polars as pl

from tasks.core.vocabulary import USER
from tasks.evaluation.splits.parts import Parts, in_order, with_both_sides


def loo(ratings: pl.DataFrame, seed: int) -> Parts:
    """One random rating of every user is held out, for hit rates; the seed decides which one.

    A user with a single rating keeps it and is not tested: with nothing in train there is nothing
    to judge.
    """
    ordered = in_order(ratings)
    lengths = ordered[USER].rle().struct.field("len").cast(pl.Int64).to_numpy()
    draws = np.random.default_rng(seed).random(ordered.height)
    highest = np.maximum.reduceat(draws, np.cumsum(lengths) - lengths) if len(lengths) else draws
    held = pl.Series(draws == np.repeat(np.where(lengths > 1, highest, np.nan), lengths))
    return with_both_sides(ordered.filter(~held), ordered.filter(held))
