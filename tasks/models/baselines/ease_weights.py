"""The closed form of EASE, solved between items or between users (Steck 2019)."""

import numpy as np
import scipy

from tasks.core.arrays import Floats
from tasks.models.base import BLOCK_CELLS, Matrix

PRECISE = 5_000
"""Rows of the largest matrix that is inverted in doubles."""

ROWS_AT_ONCE = 1024


def by_items(rated: Matrix, regularization: float) -> tuple[Matrix, Matrix]:
    """X (U, I), sparse, and the weights between items B (I, I)."""
    inverse = _items_inverse(rated.tocsc(), regularization)
    weights = np.ascontiguousarray(inverse.T, np.float32)  # symmetric; else products copy it whole
    weights /= -inverse.diagonal()
    np.fill_diagonal(weights, 0.0)
    return rated, weights


def by_users(rated: Matrix, regularization: float) -> tuple[Matrix, Matrix]:
    """The same scores from a (U, U) inverse, for items the user has not rated; others differ.

    With M = (XX' + lambda I)^-1, by Woodbury's identity, X P = M X and
    P_ii = (1 - x_i' M x_i) / lambda. An unrated item's score is -(X P)_ui / P_ii. A rated item's
    lacks the 1 that the zero diagonal of B adds: rated items are never candidates.
    """
    left, right, _ = solved_by_users(rated, regularization)
    return left, right


def solved_by_users(rated: Matrix, regularization: float) -> tuple[Matrix, Matrix, Floats]:
    """The same, and diag(P)."""
    inverse = regularized_inverse(rated.tocsr(), rated.T.tocsr(), regularization)
    diagonal = (1.0 - _quadratic(rated, inverse)) / regularization
    scaled = rated @ scipy.sparse.diags_array(1.0 / diagonal)
    right = scipy.sparse.csr_array(scaled, dtype=np.float32)
    return -inverse.astype(np.float32), right, diagonal


def _items_inverse(rated: Matrix, regularization: float) -> Floats:
    """P (I, I), with items of one rater eliminated: block inversion by the Schur complement.

    Two such items share a user or nothing. So with w_i the weight of item i, W_u^2 the sum of the
    squares of its rater's, x_u what that rater gave the other items, and X those items' columns:

        Q = (X' diag(lambda / (lambda + W_u^2)) X + lambda I)^-1     between the others,
        Z = w_i x_u / (lambda + W_u^2), a row for each such item,
        -Z Q                                                        between these and the others,
        Z Q Z' + (I - w_i w_j [same rater] / (lambda + W_u^2)) / lambda    among these.
    """
    alone = _raters(rated) == 1
    if not alone.any():
        return regularized_inverse(rated.T.tocsr(), rated.tocsr(), regularization)
    others, own = rated[:, ~alone].tocsr(), rated[:, alone].tocsc()
    squares = own.multiply(own).sum(axis=1) + regularization
    shrunk = scipy.sparse.diags_array(regularization / squares) @ others
    between = regularized_inverse(others.T.tocsr(), shrunk.tocsr(), regularization)
    divided = (scipy.sparse.diags_array(1.0 / squares) @ own).T.tocsr()
    rows = (divided @ others).astype(between.dtype)
    across = rows @ between
    among = across @ rows.T
    among -= ((divided @ own) / regularization).astype(between.dtype)
    among[np.diag_indices_from(among)] += 1.0 / regularization
    inverse = np.empty((len(alone), len(alone)), between.dtype)
    inverse[np.ix_(~alone, ~alone)] = between
    inverse[np.ix_(alone, ~alone)] = -across
    inverse[np.ix_(~alone, alone)] = -across.T
    inverse[np.ix_(alone, alone)] = among
    return inverse


def _raters(rated: Matrix) -> Floats:
    raters: Floats = np.diff(rated.indptr)
    return raters


def regularized_inverse(left: Matrix, right: Matrix, regularization: float) -> Floats:
    """(left right + lambda I)^-1 of a symmetric product, by Cholesky.

    A large one in half the time and memory.
    """
    dense = _product(left, right)
    dense[np.diag_indices_from(dense)] += regularization
    factor, invert = scipy.linalg.get_lapack_funcs(("potrf", "potri"), (dense,))
    lower, _ = factor(dense, lower=True, overwrite_a=True)
    half, _ = invert(lower, lower=True, overwrite_c=True)
    return _mirrored(half)


def _product(left: Matrix, right: Matrix) -> Floats:
    """The dense product (n, n), by columns, of two sparse matrices, some of its rows at a time.

    It is symmetric, so its rows are its columns. As a whole a sparse product takes three times as
    much memory.
    """
    size = left.shape[0]
    dense = np.empty((size, size), np.float64 if size <= PRECISE else np.float32, order="F")
    for start in range(0, size, ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        dense[:, block] = (left[block] @ right).toarray().T
    return dense


def _mirrored(lower: Floats) -> Floats:
    """The symmetric matrix of a lower triangle, in its place."""
    size = ROWS_AT_ONCE
    for start in range(0, len(lower), size):
        block = lower[start : start + size, start : start + size]
        block[:] = np.tril(block) + np.tril(block, -1).T
        lower[start : start + size, start + size :] = lower[start + size :, start : start + size].T
    return lower


def _quadratic(rated: Matrix, inverse: Floats) -> Floats:
    """x_i' M x_i of every column x_i (I,), some columns at a time; M is symmetric."""
    columns, inverse = rated.T.tocsr(), np.ascontiguousarray(inverse.T)
    size = max(1, BLOCK_CELLS // len(inverse))
    blocks = (columns[start : start + size] for start in range(0, columns.shape[0], size))
    return np.concatenate([block.multiply(block @ inverse).sum(axis=1) for block in blocks])
