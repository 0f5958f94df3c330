"""EASE: weights between items that best restore who rated what, in closed form (Steck 2019)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import polars as pl
import scipy
from pydantic import Field

from tasks.core.arrays import Floats
from tasks.core.errors import SettingsError
from tasks.models.base import BLOCK_CELLS, Matrix, Training
from tasks.models.interactions import histories, interactions_of, ones_like
from tasks.models.product import ProductModel

LARGEST = 20_000
"""Rows of the largest matrix that is inverted: about 10 GB at work."""


class Ease(ProductModel):
    """Scores of binary X (U, I): X B, where B = I - P / diag(P) and P = (X'X + lambda I)^-1."""

    name = "ease"
    label = "EASE"
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {
        "regularization": (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)
    }

    class Options(ProductModel.Options):
        """Of EASE."""

        regularization: float = Field(
            500.0, gt=0, description="How strongly `ease` shrinks its weights."
        )

    @classmethod
    def fit(cls, training: Training) -> Self:
        """What is inverted is as large as the fewer of users and items.

        Raises SettingsError beyond LARGEST.
        """
        shrink = cls.Options.read(training.options).regularization
        users, items, rated = interactions_of(training.ratings)
        size = min(rated.shape)
        if size > LARGEST:
            raise SettingsError(
                f"The base model {cls.name} would invert a matrix of {size:,} x {size:,}; "
                f"it goes up to {LARGEST:,}.",
                "Use als, knn or svd for a data set as large as this.",
            )
        left, right = (by_users if len(users) < len(items) else by_items)(rated, shrink)
        return cls(users=users, items=items, left=left, right=right, options=training.options)

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """What they rated in the place of the fitted rows or, solved by users, what gives the same.

        There left = -M, with M = (XX' + lambda I)^-1, and right = X / diag(P); somebody with the
        row x has x P = (x - x X' M X) / lambda, so that the row x X' M / lambda gives their unrated
        items' scores.
        """
        if self.left.shape[1] == len(self.items):
            return self.with_histories(ratings, users)
        people, rated = histories(self.items, ratings, users)
        who = ones_like(scipy.sparse.csr_array(self.right))
        shared = (ones_like(rated) @ who.T).toarray()
        shrink = self.Options.read(self.options).regularization
        left = -(shared @ np.asarray(self.left)) / shrink
        return replace(self, users=people, left=left.astype(np.float32))


class SharpEase(Ease):
    """EASE that shrinks less, and so follows a person more closely."""

    name = "sharp-ease"
    label = "sharp EASE"
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {}

    class Options(Ease.Options):
        """Of the sharper EASE."""

        regularization: float = Field(
            100.0,
            gt=0,
            description="The same of `sharp-ease`, which follows a person more closely.",
        )


def by_items(rated: Matrix, regularization: float) -> tuple[Matrix, Matrix]:
    """X (U, I), sparse, and the weights between items B (I, I)."""
    inverse = _inverse(rated.T @ rated, regularization)
    weights = (inverse / -inverse.diagonal()).astype(np.float32)
    np.fill_diagonal(weights, 0.0)
    return rated, weights


def by_users(rated: Matrix, regularization: float) -> tuple[Matrix, Matrix]:
    """The same scores from a (U, U) inverse, for items the user has not rated; others differ.

    With M = (XX' + lambda I)^-1, by Woodbury's identity, X P = M X and
    P_ii = (1 - x_i' M x_i) / lambda. An unrated item's score is -(X P)_ui / P_ii. A rated item's
    lacks the 1 that the zero diagonal of B adds: rated items are never candidates.
    """
    inverse = _inverse(rated @ rated.T, regularization)
    diagonal = (1.0 - _quadratic(rated, inverse)) / regularization
    scaled = rated @ scipy.sparse.diags_array(1.0 / diagonal)
    return -inverse.astype(np.float32), scipy.sparse.csr_array(scaled, dtype=np.float32)


def _inverse(gram: Matrix, regularization: float) -> Floats:
    dense = gram.toarray().astype(np.float64)
    dense[np.diag_indices_from(dense)] += regularization
    inverse: Floats = scipy.linalg.inv(dense, overwrite_a=True, assume_a="pos")
    return inverse


def _quadratic(rated: Matrix, inverse: Floats) -> Floats:
    """x_i' M x_i of every column x_i (I,), some columns at a time."""
    columns = rated.T.tocsr()
    size = max(1, BLOCK_CELLS // len(inverse))
    blocks = (columns[start : start + size] for start in range(0, columns.shape[0], size))
    return np.concatenate([block.multiply(block @ inverse).sum(axis=1) for block in blocks])
