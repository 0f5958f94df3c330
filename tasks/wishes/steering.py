"""A person's candidates in an order that their words have a say in."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import logit

from tasks.core.arrays import Floats
from tasks.core.vocabulary import Record
from tasks.wishes.scoring import z

RATINGS = (0, 3, 30, 300)
"""Ratings of a person at which the weight of words is learned."""
TRIED = tuple(round(0.05 * step, 2) for step in range(21))
"""Weights that are tried."""
FEWEST_PEOPLE = 20
"""People with a hit without whom nothing is learned at a number of ratings."""
UNLEARNED = 0.7
"""The weight where nothing could be learned."""


class TasteWeights(Record):
    """How much words weigh, from 0 to 1, by how many ratings of a person are known.

    `ratings`, ascending, and the `weights` learned at each, of so many `people`: both are empty
    where there were too few.
    """

    ratings: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    people: tuple[int, ...] = ()

    def of(self, ratings: int) -> float:
        """The weight for a person with so many ratings: between two in proportion to logarithms."""
        if not self.ratings:
            return UNLEARNED
        known = [math.log1p(count) for count in self.ratings]
        return float(np.interp(math.log1p(ratings), known, self.weights))


def steered(scores: Floats, words: Floats, weight: float) -> Floats:
    """What a person's candidates (P,) are ordered by: both scores as z-scores, `words` by weight.

    `words` is -inf where the wish rules an item out: it comes after all others unless the weight
    is 0.
    """
    if weight <= 0:
        return z(scores)
    allowed = np.isfinite(words)
    both = np.full(len(scores), -np.inf)
    if allowed.any():
        both[allowed] = (1 - weight) * z(scores)[allowed] + weight * z(words[allowed])
    both[~allowed] = both[allowed].min(initial=0.0) - 1.0
    return both


def as_logits(scores: pl.Series, probabilities: bool) -> Floats:
    """What z-scores are taken of: logits (P,) of probabilities, any other scores as they are."""
    values = scores.to_numpy()
    return logit(np.clip(values, 1e-9, 1 - 1e-9)) if probabilities else values


def learned_weights(
    tried: Sequence[tuple[int, Sequence[tuple[Floats, Floats, NDArray[np.bool_]]]]],
) -> TasteWeights:
    """The weights with the best mean NDCG@10, by number of ratings.

    `tried`: at each number of ratings, of every person the scores, the words' scores and the hits
    of their candidates. Numbers with too few people are passed over.
    """
    enough = [(count, people) for count, people in tried if len(people) >= FEWEST_PEOPLE]
    best = []
    for _, people in enough:
        means = [
            np.mean([_ndcg(steered(one, words, weight), hits) for one, words, hits in people])
            for weight in TRIED
        ]
        best.append(TRIED[int(np.argmax(np.round(means, 6)))])
    return TasteWeights(
        ratings=tuple(count for count, _ in enough),
        weights=tuple(best),
        people=tuple(len(people) for _, people in enough),
    )


def _ndcg(scores: Floats, hits: NDArray[np.bool_], places: int = 10) -> float:
    """NDCG at 10 of the order by score; there is at least one hit."""
    first = hits[np.argsort(-scores, kind="stable")[:places]]
    gains = 1.0 / np.log2(np.arange(2, places + 2))
    return float(first @ gains[: len(first)] / gains[: min(int(hits.sum()), places)].sum())
