"""Item kNN: items like those the user rated, by Surprise's similarities between items."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import numpy as np
import polars as pl
import scipy
from pydantic import Field

from tasks.core.arrays import Floats, Ids, Places, places_of
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import say
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import BLOCK_CELLS, Extent, Matrix, OptionValue, Training
from tasks.models.candidates import highest
from tasks.models.interactions import interactions_of
from tasks.models.product import ProductModel

MOST_RATINGS = 2_000_000
"""Ratings that are compared: of more those of a draw of people, which suffice for weights."""

SUPPORT = 3
"""Users who must have rated both of two items; an item with fewer ratings has no neighbours."""


class ItemKnn(ProductModel):
    """Score = sum of the weights between the item's nearest neighbours and what the user rated.

    Weight = Surprise's cosine x n_ij / sqrt(n_i n_j): that cosine looks only at the n_ij users who
    rated both, so a handful who agree would count as much as hundreds. Summing, not averaging, is
    Deshpande & Karypis 2004; HR@10 (ml-latest-small, leave-one-out, 3 seeds) is .197 this way and
    .0005 by Surprise's own average. The cosines are matrix products here: Surprise walks through
    every pair of items of every user.
    """

    name = "knn"
    label = "item kNN"

    class Options(ProductModel.Options):
        """Of item kNN."""

        words: ClassVar[Mapping[str, str]] = {"neighbours": "{} similar items of each"}
        neighbours: int = Field(40, ge=1, description="Similar items that `knn` keeps per item.")

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Raises TooLittleDataError where no item can be compared."""
        options = cls.Options.read(training.options)
        users, items, everything = interactions_of(training.ratings)
        some = _drawn(everything, training.seed)
        extent = Extent(training.ratings.height, len(users), len(items))
        if told := cls.passed_over(extent, training.options):
            say(f"    {told}")
        compared, heights = everything[some], _heights(users, items, training)[some]
        enough = np.flatnonzero(compared.sum(axis=0) >= SUPPORT)
        if not len(enough):
            raise TooLittleDataError(
                f"No item has {SUPPORT} ratings: the base model {cls.name} has nothing to compare.",
                "Use popularity or svd for a data set as small as this.",
            )
        blocks = list(_nearest(compared[:, enough], heights[:, enough], options.neighbours))
        item, near, weights = (np.concatenate(part) for part in zip(*blocks, strict=True))
        parts = weights.astype(np.float32), (enough[near], enough[item])
        return cls(
            users=users,
            items=items,
            left=everything,
            right=scipy.sparse.csr_array(parts, shape=(len(items), len(items))),
            options=training.options,
        )

    @classmethod
    def passed_over(cls, extent: Extent, options: Mapping[str, OptionValue]) -> str | None:
        """The ratings of people who are not drawn, where there are too many."""
        if extent.ratings <= MOST_RATINGS:
            return None
        part = f"about {MOST_RATINGS:,} of {extent.ratings:,}"
        return f"{cls.label} compares the ratings of a draw of people, {part}"

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """What they rated, times the same weights."""
        return self.with_histories(ratings, users)


def _heights(users: Ids, items: Ids, training: Training) -> Matrix:
    """Ratings (U, I) moved to 1 and above: where all that two share is 0, a cosine is 0 / 0."""
    ratings = training.ratings
    moved = ratings[RATING].cast(pl.Float64).to_numpy() - training.scale[0] + 1.0
    rows, _ = places_of(users, ratings[USER])
    columns, _ = places_of(items, ratings[ITEM])
    return scipy.sparse.csr_array((moved, (rows, columns)), shape=(len(users), len(items)))


def _drawn(rated: Matrix, seed: int) -> Places:
    """Ascending rows of the people whose ratings are compared: `MOST_RATINGS` at most."""
    lengths = np.diff(rated.indptr)
    if lengths.sum() <= MOST_RATINGS:
        return np.arange(len(lengths))
    order = np.random.default_rng(seed).permutation(len(lengths))
    return np.sort(order[np.cumsum(lengths[order]) <= MOST_RATINGS])


def _nearest(
    rated: Matrix, heights: Matrix, neighbours: int
) -> Iterator[tuple[Places, Places, Floats]]:
    """Places of items, those of their nearest, and these weights (P,), some items at a time.

    `rated` and `heights` (U, n): who rated the items with enough ratings, and how high.
    """
    items, squares = rated.shape[1], heights.power(2)
    raters, levels, squared = (part.T.tocsr() for part in (rated, heights, squares))
    counts = np.sqrt(rated.sum(axis=0))
    size = max(1, BLOCK_CELLS // items)
    for start in range(0, items, size):
        block = slice(start, start + size)
        both = (raters[block] @ rated).toarray()
        both[both < SUPPORT] = 0.0
        row, near = np.nonzero(both)
        shared = both[row, near]
        squared_here = (squared[block] @ rated).toarray()[row, near]
        lengths = np.sqrt(squared_here * (raters[block] @ squares).toarray()[row, near])
        cosines = (levels[block] @ heights).toarray()[row, near] / lengths
        weights = np.full(both.shape, -np.inf)
        weights[row, near] = cosines * shared / (counts[start + row] * counts[near])
        weights[np.arange(len(weights)), np.arange(start, start + len(weights))] = -np.inf
        lengths, nearest = highest(weights, neighbours, np.arange(items))
        item = np.repeat(np.arange(len(weights)), lengths)
        yield start + item, nearest, weights[item, nearest]
