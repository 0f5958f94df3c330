"""What every factor model is reduced to: biases and one vector per user and item."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.core.arrays import Places
from tasks.models.base import Floats, Ids, Searched

BLOCK_CELLS = 8_000_000
"""Numbers held at once, whatever the number of pairs."""

LARGEST_TABLE = 1_000_000


@dataclass(frozen=True)
class Factors:
    """Estimated rating = mean + user_bias + item_bias + user_factors . item_factors, clipped.

    `users` (U,) and `items` (I,) are the sorted ids seen in train; biases (U,) and (I,); factors
    (U, K) and (I, K); `scale` (2,) is the lowest and highest rating. For SVD++ the user's
    implicit part is already in `user_factors`.
    """

    users: Ids
    items: Ids
    mean: Floats
    user_bias: Floats
    item_bias: Floats
    user_factors: NDArray[np.floating[Any]]
    item_factors: NDArray[np.floating[Any]]
    scale: Floats

    def estimates(self, users: Ids) -> Floats:
        """Unclipped estimates (len(users), I); somebody not seen in train gets mean + item_bias."""
        index, known = positions(self.users, users)
        bias = np.where(known, self.user_bias[index], 0.0)
        vectors = self.user_factors[index] * known[:, None]
        return self.mean + bias[:, None] + self.item_bias[None, :] + vectors @ self.item_factors.T

    def search(self, users: Ids) -> Searched:
        """The same (len(users), I) in float32, three times as fast."""
        index, known = positions(self.users, users)
        own = np.where(known, self.user_bias[index], 0.0).astype(np.float32)
        vectors = (self.user_factors[index] * known[:, None]).astype(np.float32)
        found: Searched = vectors @ self._facing
        found += self._offset
        found += own[:, None]
        return found

    def estimates_of_pairs(self, users: Ids, items: Places) -> Floats:
        """Unclipped estimates (P,) of `items` (P,), positions among the model's, for `users` (P,).

        As exact as `estimates`; the work grows with the pairs alone.
        """
        index, known = positions(self.users, users)
        found = self.mean + np.where(known, self.user_bias[index], 0.0) + self.item_bias[items]
        size = max(1, BLOCK_CELLS // max(self.user_factors.shape[1], 1))
        for start in range(0, len(users), size):
            part = slice(start, start + size)
            vectors = self.user_factors[index[part]] * known[part, None]
            facing = self.item_factors[items[part]].astype(np.float64)
            found[part] += np.einsum("pk,pk->p", vectors, facing)
        return found

    def estimates_of_unknown(self, users: Ids) -> Floats:
        """Mean + user_bias (len(users),), or the mean alone for somebody not seen in train."""
        index, known = positions(self.users, users)
        return self.mean + np.where(known, self.user_bias[index], 0.0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _facing(self) -> Searched:
        return np.ascontiguousarray(self.item_factors.T, dtype=np.float32)

    @cached_property
    def _offset(self) -> Searched:
        return (self.mean + self.item_bias).astype(np.float32)


def positions(known: Ids, wanted: Ids) -> tuple[Places, NDArray[np.bool_]]:
    """Where each wanted id stands in the sorted `known`, and whether it is there at all."""
    if len(wanted) >= len(known) and _are_dense(known) and wanted.dtype.kind in "iu":
        return _looked_up(known, wanted)
    index = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    return index.astype(np.int64), known[index] == wanted


def _are_dense(known: Ids) -> bool:
    """Whether a table of all numbers in the range of these ids is small."""
    if not len(known) or known.dtype.kind not in "iu":
        return False
    return int(known[-1]) - int(known[0]) < max(LARGEST_TABLE, 4 * len(known))


def _looked_up(known: Ids, wanted: Ids) -> tuple[Places, NDArray[np.bool_]]:
    """The same from a table with a place for every number: many times as fast as a search."""
    lowest, highest = int(known[0]), int(known[-1])
    table = np.full(highest - lowest + 1, -1, dtype=np.int64)
    table[known.astype(np.int64) - lowest] = np.arange(len(known))
    asked = wanted.astype(np.int64)
    inside = (asked >= lowest) & (asked <= highest)
    index = table[np.where(inside, asked, lowest) - lowest]
    found = inside & (index >= 0)
    return np.where(found, index, 0), found
