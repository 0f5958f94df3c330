"""The learned re-ranker as a whole: the linear part, the trees if wanted, calibrated together."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import expit

from tasks.core.arrays import Floats
from tasks.core.vocabulary import USER, Artifact, Record
from tasks.features.table import among_candidates
from tasks.ranking.learned import LearnedWeights, labels_of, learn
from tasks.ranking.trees import Grown, grow, tree_scores

FLATTEST = 1e-3
"""On a handful of hits the slope may come out negative: it would turn every list round."""


class Trees(Record):
    """Where the trees' text lies, how many there are, and per feature its share of their gain."""

    text: Artifact
    count: int
    gains: list[float]


class Learned(Record):
    """A fitted re-ranker: its linear part alone, or blended with trees and calibrated.

    Probability = 1 / (1 + exp(-(intercept + slope x blended logit))) (Platt 1999).
    """

    weights: LearnedWeights
    trees: Trees | None = None
    slope: float = 1.0
    intercept: float = 0.0


def blended(table: pl.DataFrame, linear: LearnedWeights, text: str) -> Floats:
    """Logits (P,) of the linear part with each person's candidates in the order of both parts.

    The order is by the sum of both z-scores among the person's candidates: on inner splits a fitted
    mixture ranked worse (NDCG@10 .446 against .449). Mean and spread stay those of the logits.
    """
    person = table[USER].rank("dense").to_numpy().astype(np.int64) - 1
    logits = linear.logits(table)
    count = np.bincount(person)
    mean = (np.bincount(person, logits) / count)[person]
    spread = np.sqrt(np.bincount(person, (logits - mean) ** 2) / count)[person]
    scores = tree_scores(text, linear.features, table)
    both = among_candidates(logits, person) + among_candidates(scores, person)
    logits_of_both: Floats = mean + spread * among_candidates(both, person)
    return logits_of_both


def learn_blend(
    tables: Sequence[pl.DataFrame], data: Sequence[str], seed: int, *, grow_again: bool = False
) -> tuple[LearnedWeights, Grown, float, float]:
    """Linear part, trees, slope and intercept from two labelled feature tables or more.

    Trees grow on all but the last table; when to stop and what a score means is learned from that.
    With `grow_again` as many are then grown on all tables: the last one is of the newest ratings.
    Raises TooLittleDataError where no candidate of the last was held out, or every one.
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - seconds to load

    linear = learn(tables, data, seed)
    check = tables[-1]
    labels = labels_of(check, "its last inner split")
    grown = grow(tables[:-1], check, linear.features, seed)
    calibrated = LogisticRegression(C=1e6, random_state=seed)
    calibrated.fit(blended(check, linear, grown.text)[:, None], labels)
    slope = max(float(calibrated.coef_[0, 0]), FLATTEST)
    if grow_again:
        grown = grow(tables, None, linear.features, seed, count=grown.trees)
    return linear, grown, slope, float(calibrated.intercept_[0])


def probabilities(table: pl.DataFrame, learned: Learned, text: str | None) -> Floats:
    """Of each row (P,); `text` is that of the trees, None where there are none."""
    if text is None:
        return learned.weights.probabilities(table)
    logits = blended(table, learned.weights, text)
    likely: Floats = expit(learned.intercept + learned.slope * logits)
    return likely
