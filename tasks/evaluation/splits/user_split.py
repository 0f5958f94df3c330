"""The 75/25 split by user: everybody is tested in proportion to what they rated."""

import numpy as np
import polars as pl

from tasks.core.vocabulary import USER
from tasks.evaluation.splits.draws import three_quarters
from tasks.evaluation.splits.parts import Parts, with_both_sides


def user_split(ratings: pl.DataFrame, seed: int) -> Parts:
    """Of a user's n ratings round(0.75 n) are train and the rest is held out, for list metrics.

    Half rounds to even: 2 of 2, 4 of 6. So users with one rating or two keep them in train and are
    not tested, and all others have ratings on both sides. The seed decides which ratings of a user
    are held out.
    """
    return with_both_sides(*three_quarters(ratings, USER, np.random.default_rng(seed)))
