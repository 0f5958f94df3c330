"""Models whose scores are one matrix product: of similar items (kNN, EASE) or similar users."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import polars as pl

from tasks.core.arrays import Floats, Ids, Places, positions
from tasks.models.base import BLOCK_CELLS, DENSE, Matrix, Model, Searched
from tasks.models.interactions import histories, ones_like


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductModel(Model):
    """Score = left[user] . right[:, item]; not a rating, so it is never clipped.

    `left` is (U, K) and `right` (K, I), float32, each dense or sparse. K = I: what the user rated,
    times weights between items. K = U: weights between users, times what those rated.
    """

    search_is_exact: ClassVar[bool] = True

    left: Matrix
    right: Matrix

    def estimates(self, users: Ids) -> Floats:
        """Scores (len(users), I); all 0 for somebody not known."""
        return self.search(users).astype(np.float64)

    def search(self, users: Ids) -> Searched:
        """The scores as they are computed, in float32."""
        index, known = positions(self.users, users)
        product = self.left[index] @ self.right
        dense = product if isinstance(product, np.ndarray) else product.toarray()
        scores: Searched = dense.astype(np.float32, copy=False)
        scores[~known] = 0.0
        return scores

    def estimates_of_pairs(self, users: Ids, items: Places) -> Floats:
        """As `estimates`; one by one where both sides are dense and the pairs few."""
        dense = isinstance(self.left, np.ndarray) and isinstance(self.right, np.ndarray)
        if not dense or len(users) * DENSE > len(np.unique(users)) * len(self.items):
            return super().estimates_of_pairs(users, items)
        index, known = positions(self.users, users)
        values = np.empty(len(users))
        size = max(1, BLOCK_CELLS // max(self.left.shape[1], 1))
        for start in range(0, len(users), size):
            part = slice(start, start + size)
            values[part] = (self.left[index[part]] * self._item_rows[items[part]]).sum(axis=1)
        return np.where(known, values, 0.0)

    @cached_property
    def _item_rows(self) -> Searched:
        return np.ascontiguousarray(self.right.T)

    def with_histories(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """The same weights between items (K = I), with what these users rated to their left."""
        people, rated = histories(self.items, ratings, users)
        return replace(self, users=people, left=ones_like(rated))
