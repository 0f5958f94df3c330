"""AUC within people: which of two of a person's items is the better one."""

import numpy as np
import polars as pl

from tasks.core.arrays import Floats
from tasks.core.vocabulary import RATING, USER

AUC = "AUC"


def within_person_auc(table: pl.DataFrame, scores: Floats, by: str = RATING) -> pl.DataFrame:
    """User, AUC: of a user's pairs that differ in `by` the share that scores have right.

    Equal scores, and unknown ones (NaN), count one half. Null for whose items are all alike.
    """
    person, rating = table[USER].to_numpy(), table[by].to_numpy()
    users = table[USER].unique().sort()
    values = []
    for user in users:
        mine = np.flatnonzero(person == user)
        higher = rating[mine][:, None] > rating[mine][None, :]
        apart = scores[mine][:, None] - scores[mine][None, :]
        right = np.where(np.isnan(apart), 0.5, (apart > 0) + 0.5 * (apart == 0))
        values.append(right[higher].mean() if higher.any() else None)
    return pl.DataFrame({USER: users, AUC: pl.Series(values, dtype=pl.Float64)})
