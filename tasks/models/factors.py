"""What every factor model is reduced to: biases and one vector per user and item."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.models.base import Floats, Ids


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

    def estimates_of_unknown(self, users: Ids) -> Floats:
        """Mean + user_bias (len(users),), or the mean alone for somebody not seen in train."""
        index, known = positions(self.users, users)
        return self.mean + np.where(known, self.user_bias[index], 0.0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fields."""
        return dict(vars(self))


def positions(known: Ids, wanted: Ids) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each wanted id stands in the sorted `known`, and whether it is there at all."""
    index = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    return index.astype(np.int64), known[index] == wanted
