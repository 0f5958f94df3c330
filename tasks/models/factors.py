"""What every factor model is reduced to: biases and one vector per user and item."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.artifacts import read_arrays, write_arrays
from tasks.vocabulary import Artifact

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Factors:
    """Estimated rating = mean + user_bias + item_bias + user_factors . item_factors, clipped.

    `users` (U,) and `items` (I,) are the sorted ids seen in train; biases (U,) and (I,); factors
    (U, K) and (I, K); `scale` (2,) is the lowest and highest rating. For SVD++ the user's
    implicit part is already in `user_factors`.
    """

    users: NDArray[np.generic]
    items: NDArray[np.generic]
    mean: Floats
    user_bias: Floats
    item_bias: Floats
    user_factors: Floats
    item_factors: Floats
    scale: Floats

    def estimates(self, users: NDArray[np.generic]) -> Floats:
        """Unclipped estimates (len(users), I); somebody not seen in train gets mean + item_bias."""
        index, known = positions(self.users, users)
        bias = np.where(known, self.user_bias[index], 0.0)
        vectors = self.user_factors[index] * known[:, None]
        return self.mean + bias[:, None] + self.item_bias[None, :] + vectors @ self.item_factors.T


def positions(
    known: NDArray[np.generic], wanted: NDArray[np.generic]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each wanted id stands in the sorted `known`, and whether it is there at all."""
    index = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    return index.astype(np.int64), known[index] == wanted


def save(home: Path, factors: Factors) -> Artifact:
    """Write factors as one artifact; its rows are the users."""
    return write_arrays(home, "factors", len(factors.users), asdict(factors))


def load(home: Path, artifact: Artifact) -> Factors:
    """Read what `save` wrote."""
    return Factors(**read_arrays(home, artifact))
