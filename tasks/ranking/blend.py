"""The learned re-ranker as a whole: the linear part, the trees if wanted, calibrated together."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.special import expit

from tasks.core.arrays import Floats
from tasks.core.vocabulary import USER, Artifact, Record
from tasks.features.learning import few_misses
from tasks.features.table import LABEL, WHOLE, among_candidates
from tasks.ranking.learned import LearnedWeights, labels_of, learn
from tasks.ranking.trees import MANY_HITS, Grown, grow, tree_scores

LAST = "its last inner split"
MISSES = 30
"""Candidates without a hit that teach, of each list of a random split."""

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
    trees_alone: bool = False


def blended(
    table: pl.DataFrame, linear: LearnedWeights, text: str, *, trees_alone: bool = False
) -> Floats:
    """Logits (P,) of the linear part with each person's candidates in the order of both parts.

    The order is by the sum of both z-scores among the person's candidates: on random inner splits a
    fitted mixture ranked worse (NDCG@10 .446 against .449). With `trees_alone` it is that of the
    trees. Mean and spread stay those of the logits.
    """
    person = table[USER].rank("dense").to_numpy().astype(np.int64) - 1
    logits = linear.logits(table)
    count = np.bincount(person)
    mean = (np.bincount(person, logits) / count)[person]
    spread = np.sqrt(np.bincount(person, (logits - mean) ** 2) / count)[person]
    scores = tree_scores(text, linear.features, table)
    both = among_candidates(scores, person)
    if not trees_alone:
        both = among_candidates(logits, person) + both
    logits_of_both: Floats = mean + spread * among_candidates(both, person)
    return logits_of_both


def learn_blend(
    tables: Sequence[pl.DataFrame], data: Sequence[str], seed: int
) -> tuple[LearnedWeights, Grown, float, float]:
    """Linear part, trees, slope and intercept from two labelled feature tables or more.

    Of each list all hits teach, and the `few_misses`. Trees grow on all but the last table; when to
    stop is learned from the people with hits in that, what a score means from all of it. Raises
    TooLittleDataError where no candidate of the last was held out, or every one.
    """
    check = tables[-1]
    labels_of(pl.concat(tables), "its inner splits")
    labels_of(check, LAST)
    fewer = [few_misses(table, seed, MISSES) for table in tables]
    linear = learn(fewer, data, seed)
    older = fewer[:-1] if any(map(len, fewer[:-1])) else tables[:-1]
    grown = grow(older, _with_hits(check), linear.features, seed)
    return linear, grown, *_calibrated(check, blended(check, linear, grown.text), seed)


def learn_forward(
    older: Sequence[pl.DataFrame], newest: pl.DataFrame, data: Sequence[str], seed: int
) -> tuple[LearnedWeights, Grown, float, float]:
    """The same from `trimmed` tables of windows of time; of `older` ones the `few_misses`.

    The trees alone decide the order: on windows of board games they ranked people's next ratings
    better (NDCG@10 .214) than the linear part (.183) and both together (.200). The linear part says
    how a person's candidates stand as of the newest window. The people whose lists that has whole
    decide how many trees grow, which then do on all windows, and how likely a hit is. Raises as
    `learn_blend`.
    """
    learned = few_misses(newest, seed)
    linear = learn([learned], data[-1:], seed)
    check = newest.filter(WHOLE)
    grown = grow(older, _with_hits(check), linear.features, seed, shape=MANY_HITS)
    calibrated = _calibrated(check, blended(check, linear, grown.text, trees_alone=True), seed)
    every = [*older, learned]
    whole = grow(every, None, linear.features, seed, count=grown.trees, shape=MANY_HITS)
    return linear, whole, *calibrated


def _with_hits(table: pl.DataFrame) -> pl.DataFrame:
    return table.filter(pl.col(LABEL).any().over(USER))


def _calibrated(check: pl.DataFrame, logits: Floats, seed: int) -> tuple[float, float]:
    """Slope and intercept by which the logits are probabilities on this table (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - seconds to load

    labels = labels_of(check, LAST)
    fitted = LogisticRegression(C=1e6, random_state=seed).fit(logits[:, None], labels)
    return max(float(fitted.coef_[0, 0]), FLATTEST), float(fitted.intercept_[0])


def probabilities(table: pl.DataFrame, learned: Learned, text: str | None) -> Floats:
    """Of each row (P,); `text` is that of the trees, None where there are none."""
    if text is None:
        return learned.weights.probabilities(table)
    logits = blended(table, learned.weights, text, trees_alone=learned.trees_alone)
    likely: Floats = expit(learned.intercept + learned.slope * logits)
    return likely
