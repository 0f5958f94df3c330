"""Ranking metrics: how well the first K places of each user's list meet what was held out.

Each is a function of `hits` (U, K), whether a place holds a relevant item, and `relevant` (U,),
how many relevant items are held out (n, at least 1), and gives one value per user. To add one,
write such a function and name it.
"""

from collections.abc import Callable

import numpy as np

from tasks.core.registry import named
from tasks.evaluation.lists import Bools, Floats, Ints

ACCURACY: dict[str, Callable[[Bools, Ints], Floats]] = {}


@named(ACCURACY, "HR")
def hit_rate(hits: Bools, _relevant: Ints) -> Floats:
    """1 where any relevant item is among the first K, else 0 (Deshpande & Karypis 2004)."""
    values: Floats = np.minimum(hits.sum(axis=1), 1.0)
    return values


@named(ACCURACY, "ARHR")
def reciprocal_hit_rank(hits: Bools, _relevant: Ints) -> Floats:
    """1 / place of the first relevant item, 0 where none is among the first K.

    With one held-out item this is the average reciprocal hit rank (Deshpande & Karypis 2004),
    with several the reciprocal rank whose mean is MRR (Voorhees 1999).
    """
    values: Floats = hits.any(axis=1) / (hits.argmax(axis=1) + 1.0)
    return values


@named(ACCURACY, "NDCG")
def ndcg(hits: Bools, relevant: Ints) -> Floats:
    """Sum of 1 / log2(place + 1) over the hits, divided by the best that min(n, K) hits can reach.

    Normalised discounted cumulative gain with gains of 0 and 1 (Jarvelin & Kekalainen 2002).
    """
    discounts = 1 / np.log2(np.arange(hits.shape[1]) + 2)
    ideal = np.cumsum(discounts)[_reachable(hits, relevant) - 1]
    values: Floats = (hits @ discounts) / ideal
    return values


@named(ACCURACY, "MAP")
def average_precision(hits: Bools, relevant: Ints) -> Floats:
    """Sum of the precision at each hit / min(n, K): 1 where the first min(n, K) places all hit.

    The variant of average precision (Buckley & Voorhees 2000) for lists cut at K. Its mean over
    users is MAP.
    """
    return _precision_at_hits(hits) / _reachable(hits, relevant)


@named(ACCURACY, "MAP/n")
def average_precision_of_all(hits: Bools, relevant: Ints) -> Floats:
    """Sum of the precision at each hit / n: the variant in which n > K relevant items cost.

    As trec_eval's map_cut_K and ranx's map@K. The same as "MAP" where n <= K.
    """
    return _precision_at_hits(hits) / relevant


@named(ACCURACY, "Precision")
def precision(hits: Bools, _relevant: Ints) -> Floats:
    """Hits / K, also where the list is shorter than K or n < K."""
    values: Floats = hits.sum(axis=1) / hits.shape[1]
    return values


@named(ACCURACY, "Recall")
def recall(hits: Bools, relevant: Ints) -> Floats:
    """Hits / n, also where n > K."""
    values: Floats = hits.sum(axis=1) / relevant
    return values


def _reachable(hits: Bools, relevant: Ints) -> Ints:
    """min(n, K): how many hits the best list has."""
    return np.minimum(relevant, hits.shape[1])


def _precision_at_hits(hits: Bools) -> Floats:
    """(U,) the sum over the hits of the precision of the list down to the hit."""
    precisions = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    values: Floats = (precisions * hits).sum(axis=1)
    return values
