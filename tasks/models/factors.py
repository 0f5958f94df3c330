"""Factor models: biases, and one vector per user and item."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Ids, Places, positions
from tasks.models.base import DENSE, UNSCALED, Model, Searched, Training

Vectors = NDArray[np.floating[Any]]

PAIR_CELLS = 131_072
"""Numbers of users' vectors, and of items', that are multiplied at once: a processor keeps them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FactorModel(Model):
    """Estimate = mean + user_bias + item_bias + user_factors . item_factors.

    Biases are (U,) and (I,), factors (U, K) and (I, K); `scale` (2,) is the lowest and highest
    rating where ratings are estimated.
    """

    mean: Floats
    user_bias: Floats
    item_bias: Floats
    user_factors: Vectors
    item_factors: Vectors

    @classmethod
    def of(
        cls,
        training: Training,
        users: Ids,
        items: Ids,
        *,
        mean: float = 0.0,
        user_bias: Floats | None = None,
        item_bias: Floats | None = None,
        user_factors: Vectors | None = None,
        item_factors: Vectors | None = None,
    ) -> Self:
        """A model of sorted ids; a bias that is not given is 0, and vectors have no length."""
        count, size = len(users), len(items)
        return cls(
            users=users,
            items=items,
            options=training.options,
            scale=np.array(training.scale if cls.estimates_ratings else UNSCALED, np.float64),
            mean=np.asarray(mean, np.float64),
            user_bias=np.zeros(count) if user_bias is None else user_bias,
            item_bias=np.zeros(size) if item_bias is None else item_bias,
            user_factors=np.zeros((count, 0)) if user_factors is None else user_factors,
            item_factors=np.zeros((size, 0)) if item_factors is None else item_factors,
        )

    def with_users(self, users: Ids, bias: Floats, vectors: Vectors) -> Self:
        """The same items with other users: sorted ids (n,), their biases (n,), vectors (n, K)."""
        return replace(self, users=users, user_bias=bias, user_factors=vectors)

    def estimates(self, users: Ids) -> Floats:
        """Unclipped estimates (len(users), I); somebody not known gets mean + item_bias."""
        index, known = positions(self.users, users)
        bias = np.where(known, self.user_bias[index], 0.0)
        vectors = self.user_factors[index] * known[:, None]
        return self.mean + bias[:, None] + self.item_bias[None, :] + vectors @ self.item_factors.T

    def search(self, users: Ids) -> Searched:
        """Nearly the same (len(users), I) in float32, three times as fast."""
        index, known = positions(self.users, users)
        own = np.where(known, self.user_bias[index], 0.0).astype(np.float32)
        vectors = (self.user_factors[index] * known[:, None]).astype(np.float32)
        estimates: Searched = vectors @ self._item_columns
        estimates += self._offset
        estimates += own[:, None]
        return estimates

    def estimates_of_pairs(self, users: Ids, items: Places) -> Floats:
        """As exact as `estimates`; the work grows with the pairs alone where they are few."""
        if len(users) * DENSE > len(np.unique(users)) * len(self.items):
            return super().estimates_of_pairs(users, items)
        index, known = positions(self.users, users)
        values = self.mean + np.where(known, self.user_bias[index], 0.0) + self.item_bias[items]
        size = max(1, PAIR_CELLS // max(self.user_factors.shape[1], 1))
        for start in range(0, len(users), size):
            part = slice(start, start + size)
            vectors, facing = self._precise_users[index[part]], self._precise_items[items[part]]
            values[part] += np.einsum("pk,pk->p", vectors, facing) * known[part]
        return values

    def estimates_of_unknown(self, users: Ids) -> Floats:
        """Mean + user_bias (len(users),), or the mean alone for somebody not known."""
        index, known = positions(self.users, users)
        return self.mean + np.where(known, self.user_bias[index], 0.0)

    @cached_property
    def _precise_users(self) -> Floats:
        return self.user_factors.astype(np.float64, copy=False)

    @cached_property
    def _precise_items(self) -> Floats:
        return self.item_factors.astype(np.float64, copy=False)

    @cached_property
    def _item_columns(self) -> Searched:
        return np.ascontiguousarray(self.item_factors.T, dtype=np.float32)

    @cached_property
    def _offset(self) -> Searched:
        return (self.mean + self.item_bias).astype(np.float32)
