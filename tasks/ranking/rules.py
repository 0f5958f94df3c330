"""The re-ranking rules: each gives a score per candidate."""

import polars as pl

from tasks.core.vocabulary import (
    BASE_RANK,
    DATE_AFFINITY,
    ESTIMATE,
    EXTERNAL_QUALITY,
    EXTERNAL_VOTES,
    POPULARITY,
    SIMILARITY,
    USER,
    RuleName,
)
from tasks.ranking.options import Weights

NEUTRAL_SIMILARITY = 0.0
RRF_CONSTANT = 60.0
SIGNALS = (
    ESTIMATE,
    SIMILARITY,
    POPULARITY,
    DATE_AFFINITY,
    EXTERNAL_QUALITY,
    EXTERNAL_VOTES,
)


def rule_scores(rule: RuleName, weights: Weights, min_similarity: float) -> pl.Expr:
    """The score that a rule gives each row of the feature table.

    A candidate without a signal is neutral in it; its column stays null, so that it can be counted.
    """
    scores: dict[RuleName, pl.Expr] = {
        "llm_only": llm_only(),
        "weighted": weighted(weights),
        "rrf": rrf(weights),
        "filter": keep_similar(min_similarity),
        "none": pl.repeat(0.0, pl.len()),
    }
    return scores[rule]


def llm_only() -> pl.Expr:
    """The similarity alone, as in the paper; without one, 0: neutral or not enough known."""
    return pl.col(SIMILARITY).fill_null(NEUTRAL_SIMILARITY)


def weighted(weights: Weights) -> pl.Expr:
    """Sum of the weights times each signal's z-score among the user's candidates; unknown is 0."""
    return pl.sum_horizontal([pl.repeat(0.0, pl.len()), *weighted_parts(weights).values()])


def weighted_parts(weights: Weights) -> dict[str, pl.Expr]:
    """The summands of `weighted` by signal."""
    return {signal: _z_score(signal) * weight for signal, weight in _weights(weights).items()}


def rrf(weights: Weights) -> pl.Expr:
    """Weighted reciprocal rank fusion, sum of w / (60 + rank) (Cormack et al. 2009).

    Ranks by estimate are the base ranks; unknown counts as the middle rank.
    """
    parts = []
    for signal, weight in _weights(weights).items():
        middle = (pl.len() + 1) / 2
        place = pl.col(signal).rank("average", descending=True).fill_null(middle).over(USER)
        rank = pl.col(BASE_RANK) if signal == ESTIMATE else place
        parts.append(weight / (RRF_CONSTANT + rank))
    return pl.sum_horizontal([pl.repeat(0.0, pl.len()), *parts])


def keep_similar(min_similarity: float) -> pl.Expr:
    """1 from `min_similarity` up, 0 below: the dissimilar go behind all others, in base order."""
    return (pl.col(SIMILARITY).fill_null(NEUTRAL_SIMILARITY) >= min_similarity).cast(pl.Float64)


def _weights(weights: Weights) -> dict[str, float]:
    """The signals that count; the others are not even read."""
    given = {signal: getattr(weights, signal) for signal in SIGNALS}
    return {signal: weight for signal, weight in given.items() if weight}


def _z_score(signal: str) -> pl.Expr:
    value = pl.col(signal)
    spread = value.std(ddof=0).over(USER)
    centred = value - value.mean().over(USER)
    return pl.when(spread > 1e-12).then(centred / spread).otherwise(0.0).fill_null(0.0)
