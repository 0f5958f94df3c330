"""The learned re-ranker: how likely each candidate is to be rated, from all features.

Logistic regression on standardised features, fitted on inner splits of train: what the user of an
inner train set went on to rate against the other candidates. Its output is a probability under the
protocol of those splits, so .7 means that of ten such candidates seven are rated.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import Record
from tasks.features.table import LABEL, NO_FEATURES

MOST_ROUNDS = 300
STRENGTH = 1.0
"""Inverse of the ridge penalty on standardised features; scikit-learn's default."""

Matrix = NDArray[np.float32]


class LearnedWeights(Record):
    """A fitted re-ranker: per feature its mean and spread in training, and its weight."""

    features: list[str]
    means: list[float]
    spreads: list[float]
    weights: list[float]
    intercept: float
    rows: int
    positives: int
    data: list[str]
    """Content hashes of the tables it was fitted on."""

    def logits(self, table: pl.DataFrame) -> NDArray[np.float64]:
        """Of each row (P,); a feature that is unknown counts with its mean in training."""
        scaled = _scaled(matrix_of(table, self.features), self.means, self.spreads)
        summed: NDArray[np.float64] = scaled @ np.array(self.weights) + self.intercept
        return summed

    def contributions(
        self, table: pl.DataFrame, reason_of: Callable[[str], str]
    ) -> dict[str, NDArray[np.float64]]:
        """What the features of each reason add to the logit of each row (P,)."""
        scaled = _scaled(matrix_of(table, self.features), self.means, self.spreads)
        parts = scaled * np.array(self.weights)
        reasons = [reason_of(name) for name in self.features]
        return {
            reason: parts[:, [at for at, one in enumerate(reasons) if one == reason]].sum(axis=1)
            for reason in dict.fromkeys(reasons)
        }

    def probabilities(self, table: pl.DataFrame) -> NDArray[np.float64]:
        """Of each row (P,)."""
        likely: NDArray[np.float64] = expit(self.logits(table))
        return likely


def learn(tables: Sequence[pl.DataFrame], data: Sequence[str], seed: int) -> LearnedWeights:
    """Fit on labelled feature tables (user, item, held_out, features ...), one per inner split.

    `data` names the tables' contents.
    Raises TooLittleDataError where no candidate was held out, or every one.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - seconds to load

    table = pl.concat(tables)
    features = [name for name in table.columns if name not in NO_FEATURES]
    labels = labels_of(table, "its inner splits")
    values = matrix_of(table, features)
    usual = [_mean_and_spread(column) for column in values.T]
    means, spreads = [mean for mean, _ in usual], [spread for _, spread in usual]
    fitted = LogisticRegression(C=STRENGTH, max_iter=MOST_ROUNDS, tol=1e-3, random_state=seed)
    fitted.fit(_scaled(values, means, spreads), labels)
    return LearnedWeights(
        features=features,
        means=means,
        spreads=spreads,
        weights=fitted.coef_[0].tolist(),
        intercept=float(fitted.intercept_[0]),
        rows=len(labels),
        positives=int(labels.sum()),
        data=list(data),
    )


def labels_of(table: pl.DataFrame, splits: str) -> NDArray[np.bool_]:
    """Whether each row (P,) is a hit. Raises TooLittleDataError where none is, or every one."""
    labels = table[LABEL].to_numpy()
    if labels.all() or not labels.any():
        raise TooLittleDataError(
            f"The learned re-ranker has nothing to tell apart: of the candidates of {splits}"
            f" {int(labels.sum()):,} of {len(labels):,} were held out.",
            "Take another --reranker, more candidates, or a larger data set.",
        )
    return labels


def matrix_of(table: pl.DataFrame, features: Sequence[str]) -> Matrix:
    """These columns (P, F); NaN is unknown."""
    values: Matrix = table.select(pl.col(features).fill_null(float("nan"))).to_numpy()
    return values.astype(np.float32, copy=False)


def _mean_and_spread(column: Matrix) -> tuple[float, float]:
    """Of what is known; 0 and 0 for a feature that is unknown everywhere."""
    known = column[~np.isnan(column)].astype(np.float64)
    return (float(known.mean()), float(known.std())) if known.size else (0.0, 0.0)


def _scaled(values: Matrix, means: Sequence[float], spreads: Sequence[float]) -> Matrix:
    """Standardised in place of a copy; unknown and constant features become 0."""
    spread = np.asarray(spreads, dtype=np.float32)
    divisor = np.where(spread > 1e-9, spread, np.inf).astype(np.float32)
    scaled: Matrix = np.nan_to_num((values - np.asarray(means, dtype=np.float32)) / divisor)
    return scaled
