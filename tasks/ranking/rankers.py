"""Rankers: each turns rows of the feature table into scores, and says what speaks for an item.

A ranker is a record, so that it can be part of a stage's key. `order` makes a list of its scores:
always a permutation of each user's candidates.
"""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.arrays import Floats
from tasks.core.artifacts import read_arrays
from tasks.core.vocabulary import (
    BASE_RANK,
    DATE_AFFINITY,
    ESTIMATE,
    EXTERNAL_QUALITY,
    EXTERNAL_VOTES,
    ITEM,
    POPULARITY,
    RANK,
    REASONS,
    SCORE,
    SIMILARITY,
    USER,
    Record,
    RuleName,
)
from tasks.features.table import LABEL, reason_of
from tasks.ranking.blend import Learned, probabilities
from tasks.ranking.options import Weights
from tasks.ranking.rules import rule_scores, weighted_parts

SIGNALS = (SIMILARITY, POPULARITY, DATE_AFFINITY, EXTERNAL_QUALITY, EXTERNAL_VOTES)
"""Columns of a list beside the estimate; null where the ranker does not read them."""

LISTED = (USER, ITEM, ESTIMATE, BASE_RANK, *SIGNALS, SCORE, RANK, REASONS)

STRONGEST = 2
"""Reasons that are told of an item."""
LEAST = 0.05
"""A reason that adds less than this to an item's score says nothing."""

ESTIMATED = "rated by people who rated what you rated"


class Ranker(Record):
    """What puts candidates in order; `features` are the names of the columns that it reads."""

    features: tuple[str, ...] = ()

    @property
    def signals(self) -> tuple[str, ...]:
        """The signals that a list shows where they are in the table."""
        return SIGNALS

    @abstractmethod
    def scores(self, home: Path, table: pl.DataFrame) -> Floats:
        """A score per row (P,): the higher, the sooner."""

    def contributions(self, table: pl.DataFrame) -> Mapping[str, Floats]:
        """By reason, what it adds to each row's score (P,); nothing where there is none to tell."""
        return {}


class RuleRanker(Ranker):
    """A fixed rule over few signals: none, llm_only, weighted, rrf or filter."""

    rule: RuleName
    weights: Weights = Weights()
    min_similarity: float = 0.0

    @classmethod
    def of(cls, rule: RuleName, weights: Weights, min_similarity: float) -> "RuleRanker":
        """The rule with the features that it reads: similarity is in the table already."""
        reads = [] if rule not in {"weighted", "rrf"} else SIGNALS[1:]
        features = tuple(name for name in reads if getattr(weights, name))
        return cls(rule=rule, weights=weights, min_similarity=min_similarity, features=features)

    def scores(self, home: Path, table: pl.DataFrame) -> Floats:
        """What the rule gives."""
        score = rule_scores(self.rule, self.weights, self.min_similarity)
        return table.select(score.cast(pl.Float64)).to_series().to_numpy()

    def contributions(self, table: pl.DataFrame) -> Mapping[str, Floats]:
        """The parts of a weighted sum; other rules have none to tell."""
        if self.rule != "weighted":
            return {}
        parts = weighted_parts(self.weights)
        values = table.select(part.alias(name) for name, part in parts.items())
        reasons = {ESTIMATE: ESTIMATED}
        return {reasons.get(name) or reason_of(name): values[name].to_numpy() for name in parts}


class LearnedRanker(Ranker):
    """How likely each candidate is to be rated, as learned on inner splits."""

    learned: Learned

    @property
    def signals(self) -> tuple[str, ...]:
        """The scorer's alone: what else has a signal's name is a base model's score."""
        return (SIMILARITY,)

    def scores(self, home: Path, table: pl.DataFrame) -> Floats:
        """Probabilities."""
        trees = self.learned.trees
        text = read_arrays(home, trees.text)["text"].tobytes().decode() if trees else None
        return probabilities(table, self.learned, text)

    def contributions(self, table: pl.DataFrame) -> Mapping[str, Floats]:
        """Of the linear part's logit, summed over the features of each reason."""
        return self.learned.weights.contributions(table, reason_of)


class RandomRanker(Ranker):
    """The floor of re-ranking: a seeded random order, for evaluations."""

    seed: int
    skip: int = 0
    """How many rows of other users come before these."""

    def scores(self, home: Path, table: pl.DataFrame) -> Floats:
        """Draws, in the order of users and base ranks, that do not depend on the chunk."""
        bits = np.random.PCG64(self.seed)
        bits.advance(self.skip)
        draws = np.random.Generator(bits).random(table.height)
        scores = np.empty(table.height)
        scores[table.with_row_index().sort(USER, BASE_RANK)["index"].to_numpy()] = draws
        return scores


class OracleRanker(Ranker):
    """The ceiling of re-ranking, for evaluations: the only order that sees what is held out."""

    def scores(self, home: Path, table: pl.DataFrame) -> Floats:
        """1 for what was held out, else 0."""
        return table[LABEL].cast(pl.Float64).to_numpy()


AnyRanker = RuleRanker | LearnedRanker | RandomRanker | OracleRanker


def order(home: Path, table: pl.DataFrame, ranker: Ranker, explained: int) -> pl.DataFrame:
    """The candidates with score and rank (1 is best per user), sorted by user and rank: LISTED.

    Equal scores keep the base order. `explained`: reasons are told of the first so many of either
    list.
    """
    scored = table.with_columns(pl.Series(SCORE, ranker.scores(home, table), pl.Float64))
    ranked = by_score(scored)
    signals = [
        pl.col(name).cast(pl.Float64)
        if name in table.columns and name in ranker.signals
        else pl.lit(None, pl.Float64)
        for name in SIGNALS
    ]
    shown = ranked.select(pl.min_horizontal(RANK, BASE_RANK) <= explained).to_series()
    reasons = _reasons(ranker.contributions(ranked), ranked[USER], shown)
    named = [signal.alias(name) for signal, name in zip(signals, SIGNALS, strict=True)]
    return ranked.with_columns(*named, reasons).select(LISTED)


def by_score(lists: pl.DataFrame) -> pl.DataFrame:
    """The same rows in the order of their scores, with the ranks that these give."""
    ordered = lists.sort([USER, SCORE, BASE_RANK], descending=[False, True, False])
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER)
    return ordered.with_columns(place.alias(RANK))


def _reasons(parts: Mapping[str, Floats], users: pl.Series, shown: pl.Series) -> pl.Series:
    """The strongest reasons of the rows to show, against what the user's other candidates have."""
    names = [name for name in parts if name]
    if not names:
        return pl.Series(REASONS, [None] * len(users), pl.String)
    values = pl.DataFrame([users, *(pl.Series(name, parts[name]) for name in names)])
    centred = values.select(pl.col(name) - pl.col(name).mean().over(USER) for name in names)
    matrix = centred.filter(shown).to_numpy()
    best = np.argsort(-matrix, axis=1, kind="stable")[:, :STRONGEST]
    strong = np.take_along_axis(matrix, best, axis=1) >= LEAST
    texts = [
        "; ".join(names[at] for at, enough in zip(row, ok, strict=True) if enough) or None
        for row, ok in zip(best.tolist(), strong.tolist(), strict=True)
    ]
    made = np.full(len(users), None, dtype=object)
    made[shown.to_numpy()] = texts
    return pl.Series(REASONS, made.tolist(), pl.String)
