"""The diversity dial: the head of each list by maximal marginal relevance of item texts.

Texts, not genres, say how alike items are: every item has a title at least, while books and jokes
have no genres. Ranks, not scores, say how relevant they are: scores differ from one re-ranker to
the next, and those of `none` and `filter` are tied.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri

from tasks.core.vocabulary import ITEM, RANK, USER

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Vectors = NDArray[np.float32]

SMALLEST_SPREAD = 1e-3
"""Of cosines; items that are closer are alike, whatever float32 says."""


def diversify(
    ranked: pl.DataFrame, items: pl.Series, vectors: Vectors, diversity: float, places: int
) -> pl.DataFrame:
    """The same rows with new ranks, sorted by user and rank; scores stay the re-ranker's.

    The first `places` of each user are chosen one by one, always the candidate with the highest
    (1 - diversity) x relevance - diversity x its closest cosine with those chosen before it
    (Carbonell & Goldstein 1998); all others follow in their order. Relevance is the normal score
    of the rank (Blom 1958) and cosines are in standard deviations of the cosines of all pairs of
    candidate items, so that both sides weigh alike at .5. `vectors` (I, W): unit, of `items`.
    """
    numbered = pl.DataFrame({ITEM: items}).with_row_index("text")
    ordered = ranked.sort(USER, RANK).join(numbered, on=ITEM, how="left", maintain_order="left")
    texts = ordered["text"].to_numpy()
    weight = diversity / _spread(vectors[np.unique(texts)])
    sizes = ordered.group_by(USER, maintain_order=True).len()["len"].to_numpy()
    ranks = [
        _ranks((1 - diversity) * _relevance(len(mine)), weight, vectors[mine], places)
        for mine in np.split(texts, np.cumsum(sizes)[:-1])
    ]
    told = ordered.with_columns(pl.Series(RANK, np.concatenate(ranks), pl.Int32)).drop("text")
    return told.sort(USER, RANK)


def _relevance(count: int) -> Floats:
    """(C,) normal scores of the ranks 1 to C: what ranks of normal values are expected to be."""
    scores: Floats = ndtri(1 - (np.arange(1, count + 1) - 3 / 8) / (count + 1 / 4))
    return scores


def _ranks(worth: Floats, weight: float, texts: Vectors, places: int) -> Ints:
    """(C,) new ranks of one user's candidates, of which the first has the highest `worth`.

    Row by row (einsum), since a matrix product rounds equal rows differently and breaks their tie.
    """
    left, closest = worth.copy(), np.full(len(worth), -np.inf)
    chosen = np.empty(min(places, len(worth)), dtype=np.int64)
    for place in range(len(chosen)):
        chosen[place] = best = np.argmax(left if place == 0 else left - weight * closest)
        left[best] = -np.inf
        np.maximum(closest, np.einsum("cw,w->c", texts, texts[best]), out=closest)
    order = np.concatenate([chosen, np.flatnonzero(left > -np.inf)])
    ranks = np.empty(len(worth), dtype=np.int64)
    ranks[order] = np.arange(1, len(worth) + 1)
    return ranks


def _spread(texts: Vectors) -> float:
    """Standard deviation of the cosines of all pairs of these unit vectors.

    Their mean and mean square follow from the sum of the vectors and the sum of their outer
    products, without any pair.
    """
    count = len(texts)
    pairs = max(count * (count - 1), 1)
    total = texts.sum(axis=0, dtype=np.float64)
    outer = (texts.T @ texts).astype(np.float64)
    mean, square = (total @ total - count) / pairs, (np.sum(outer**2) - count) / pairs
    return max(float(np.sqrt(max(square - mean**2, 0.0))), SMALLEST_SPREAD)
