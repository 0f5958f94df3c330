"""EASE: weights between items that best restore who rated what, in closed form (Steck 2019)."""

import numpy as np
import polars as pl
from scipy.linalg import inv
from scipy.sparse import csr_array, diags_array

from tasks.core.errors import SettingsError
from tasks.models.base import Floats
from tasks.models.interactions import Interactions, interactions_of
from tasks.models.product import Product

LARGEST = 20_000
"""Rows of the largest matrix that is inverted: about 10 GB at work."""
BLOCK_CELLS = 8_000_000


def fit(ratings: pl.DataFrame, regularization: float) -> Product:
    """Scores of binary X (U, I): X B, where B = I - P / diag(P) and P = (X'X + lambda I)^-1.

    What is inverted is as large as the fewer of users and items; SettingsError beyond LARGEST.
    """
    seen = interactions_of(ratings)
    size = min(seen.rated.shape)
    if size > LARGEST:
        raise SettingsError(
            f"The base model ease would invert a matrix of {size:,} x {size:,}; "
            f"it goes up to {LARGEST:,}.",
            "Use als, knn or svd for a data set as large as this.",
        )
    few_users = len(seen.users) < len(seen.items)
    return by_users(seen, regularization) if few_users else by_items(seen, regularization)


def by_items(seen: Interactions, regularization: float) -> Product:
    """Solve for the (I, I) weights."""
    users, items, rated = seen
    inverse = _inverse(rated.T @ rated, regularization)
    weights = (inverse / -inverse.diagonal()).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return Product(users, items, rated, weights)


def by_users(seen: Interactions, regularization: float) -> Product:
    """The same scores from a (U, U) inverse, for items the user has not rated; others differ.

    With M = (XX' + lambda I)^-1, by Woodbury's identity, X P = M X and
    P_ii = (1 - x_i' M x_i) / lambda. An unrated item's score is -(X P)_ui / P_ii. A rated item's
    lacks the 1 that the zero diagonal of B adds: rated items are never candidates.
    """
    users, items, rated = seen
    inverse = _inverse(rated @ rated.T, regularization)
    diagonal = (1.0 - _quadratic(rated, inverse)) / regularization
    right = csr_array(rated @ diags_array(1.0 / diagonal), dtype=np.float32)
    return Product(users, items, -inverse.astype(np.float32), right)


def _inverse(gram: csr_array, regularization: float) -> Floats:
    dense = gram.toarray().astype(np.float64)
    dense[np.diag_indices_from(dense)] += regularization
    inverse: Floats = inv(dense, overwrite_a=True, assume_a="pos")
    return inverse


def _quadratic(rated: csr_array, inverse: Floats) -> Floats:
    """x_i' M x_i of every column x_i (I,), some columns at a time."""
    columns = rated.T.tocsr()
    size = max(1, BLOCK_CELLS // len(inverse))
    blocks = (columns[start : start + size] for start in range(0, columns.shape[0], size))
    return np.concatenate([block.multiply(block @ inverse).sum(axis=1) for block in blocks])
