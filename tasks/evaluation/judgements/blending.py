"""Columns put together to one score, with weights from people other than those who are scored."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from tasks.core.arrays import Floats
from tasks.core.vocabulary import USER

FOLDS = 5
STRENGTH = 1.0
"""Inverse of the ridge penalty, of people who weigh 1 each."""


def out_of_fold(table: pl.DataFrame, columns: Sequence[str], target: str, seed: int) -> Floats:
    """(P,) a score per row: the columns, standardised, with weights learned from other people.

    People are drawn into five parts; the rows of each are scored with weights that `pairwise`
    learned of the four others. Null in a column is its mean, so it says nothing.
    """
    users = table[USER].unique().sort()
    part = np.random.default_rng(seed).permutation(len(users)) % FOLDS
    person = table[USER].rank("dense").to_numpy().astype(np.int64) - 1
    values = table.select(columns).cast(pl.Float64).fill_null(np.nan).to_numpy()
    wanted = table[target].cast(pl.Float64).to_numpy()
    scores = np.zeros(len(values))
    for fold in range(FOLDS):
        mine = part[person] == fold
        mean, spread = _usual(values[~mine])
        scaled = np.nan_to_num((values - mean) / spread)
        weights = pairwise(scaled[~mine], person[~mine], wanted[~mine])
        scores[mine] = scaled[mine] @ weights
    return scores


def pairwise(values: Floats, person: np.ndarray, target: Floats) -> Floats:
    """(F,) weights by which of two rows of one person that with the higher target scores higher.

    Logistic regression of all such pairs' differences without an intercept, as in RankNet (Burges
    et al. 2005) with a linear score; every person weighs 1. Zeros where nobody has such a pair.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - seconds to load

    apart, weights = [], []
    for one in np.unique(person):
        mine = np.flatnonzero(person == one)
        higher, lower = np.nonzero(target[mine][:, None] > target[mine][None, :])
        if len(higher):
            apart.append(values[mine[higher]] - values[mine[lower]])
            weights.append(np.full(len(higher), 1.0 / len(higher)))
    if not apart:
        return np.zeros(values.shape[1])
    rows, weight = np.concatenate(apart), np.concatenate(weights)
    both = np.concatenate([rows, -rows])
    labels = np.repeat([True, False], len(rows))
    model = LogisticRegression(C=STRENGTH, fit_intercept=False)
    model.fit(both, labels, sample_weight=np.concatenate([weight, weight]))
    found: Floats = model.coef_[0]
    return found


def _usual(values: Floats) -> tuple[Floats, Floats]:
    """Mean and spread (F,) of what is known; 0 and 1 where nothing is, or all is alike."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count)
    return mean, np.where(spread > 1e-9, spread, 1.0)
