"""Models whose scores are one matrix product: of similar items (kNN, EASE) or similar users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.models.base import UNSCALED, Floats, Ids, Searched
from tasks.models.factors import positions

Matrix: TypeAlias = NDArray[np.float32] | csr_array


@dataclass(frozen=True)
class Product:
    """Score = left[user] . right[:, item]; not a rating, so it is never clipped.

    `users` (U,) and `items` (I,) are the sorted ids seen in train; `left` is (U, K) and `right`
    (K, I), each dense or sparse. K = I: what the user rated, times weights between items.
    K = U: weights between users, times what those rated.
    """

    users: Ids
    items: Ids
    left: Matrix
    right: Matrix

    @property
    def scale(self) -> Floats:
        """No scale (2,)."""
        return np.array(UNSCALED)

    def estimates(self, users: Ids) -> Floats:
        """Scores (len(users), I); all 0 for somebody not seen in train."""
        return self.search(users).astype(np.float64)

    def search(self, users: Ids) -> Searched:
        """The scores as they are computed, in float32."""
        index, known = positions(self.users, users)
        product = self.left[index] @ self.right
        dense = product if isinstance(product, np.ndarray) else product.toarray()
        scores: Searched = dense.astype(np.float32, copy=False)
        scores[~known] = 0.0
        return scores

    def estimates_of_unknown(self, users: Ids) -> Floats:
        """0 (len(users),): nothing is like an item that nobody rated."""
        return np.zeros(len(users))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fields; a sparse matrix in its parts."""
        parts = {**_parts("left", self.left), **_parts("right", self.right)}
        return {"users": self.users, "items": self.items, **parts}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "Product":
        """Rebuild from what `arrays` gave."""
        left, right = (_whole(name, arrays) for name in ("left", "right"))
        return cls(arrays["users"], arrays["items"], left, right)


def _parts(name: str, matrix: Matrix) -> dict[str, NDArray[Any]]:
    if isinstance(matrix, np.ndarray):
        return {name: matrix}
    return {
        f"{name}_data": matrix.data,
        f"{name}_indices": matrix.indices,
        f"{name}_indptr": matrix.indptr,
        f"{name}_shape": np.array(matrix.shape),
    }


def _whole(name: str, arrays: Mapping[str, NDArray[Any]]) -> Matrix:
    if name in arrays:
        return arrays[name]
    parts = tuple(arrays[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    return csr_array(parts, shape=tuple(arrays[f"{name}_shape"]))
