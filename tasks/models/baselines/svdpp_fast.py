"""SVD++ as Surprise fits it, in time that grows with the ratings alone.

Surprise walks through a user's whole history at each of the user's ratings, to add up the implicit
vectors y of all that they rated and to move each of these: the sum of squared history lengths. But
while one user is at work nobody else moves these vectors, and each moves by the same amount and
shrinks by the same share. So their sum, and what is to be done to all of them, are carried along
as two vectors of the user, and y is touched once before and once after. Only the rounding differs.
"""

from typing import Self

import numpy as np
import polars as pl
import scipy

from tasks.core.arrays import Ids, Places, ids_of
from tasks.core.errors import SettingsError
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import Matrix, Training
from tasks.models.baselines.svd import Svdpp

FACTORS, EPOCHS, RATE, SHRINK, SPREAD = 20, 20, 0.007, 0.02, 0.1
"""Surprise's defaults for SVD++ (Koren 2008, section 4)."""


class SvdppFast(Svdpp):
    """The same biases and vectors as Surprise's SVDpp gives for these rows and this seed."""

    name = "svdpp-fast"
    label = "SVD++, fast"
    package = "numba"
    extra = "fast"

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Rows of one user must follow each other. SettingsError without the package numba."""
        try:
            import tasks.models.svdpp_compiled as by  # noqa: PLC0415 - an extra, slow to load
        except ImportError as error:
            raise SettingsError(
                f"The base model {cls.name} needs the package {cls.package}.",
                "Install it: pip install palate[fast]. Or take svdpp, which gives the same slowly.",
            ) from error
        ratings = training.ratings
        users, starts = _in_order(ids_of(ratings[USER]))
        items, place = _as_they_appear(ids_of(ratings[ITEM]))
        values = ratings[RATING].cast(pl.Float64).to_numpy()
        mean = float(np.mean(values))
        random = np.random.RandomState(training.seed)  # Surprise's generator: the same draws
        sizes = len(users), len(items), len(items)
        vectors, facing, implicit = (random.normal(0, SPREAD, (size, FACTORS)) for size in sizes)
        bias, facing_bias = np.zeros(len(users)), np.zeros(len(items))
        ends = np.append(starts[1:], len(values))
        by.descend(
            by.RatingRows(starts, ends, place, values),
            by.SvdppArrays(bias, facing_bias, vectors, facing, implicit),
            by.Descent(EPOCHS, RATE, SHRINK, mean),
        )
        vectors += _implicit(starts, ends, place, len(items)) @ implicit
        by_user, by_item = np.argsort(users), np.argsort(items)
        return cls.of(
            training,
            users[by_user],
            items[by_item],
            mean=mean,
            user_bias=bias[by_user],
            item_bias=facing_bias[by_item],
            user_factors=np.ascontiguousarray(vectors[by_user]),
            item_factors=np.ascontiguousarray(facing[by_item]),
        )


def _in_order(column: Ids) -> tuple[Ids, Places]:
    """Each user (U,) and the row (U,) where their ratings begin."""
    starts = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
    return column[starts], starts


def _as_they_appear(column: Ids) -> tuple[Ids, Places]:
    """The items (I,) in the order in which Surprise meets and numbers them; each row's number."""
    known, first, place = np.unique(column, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return known[order], number[place]


def _implicit(starts: Places, ends: Places, place: Places, items: int) -> Matrix:
    """Sparse (U, I): 1 / sqrt(length of the user's history) where the user rated the item."""
    lengths = ends - starts
    weights = np.repeat(1 / np.sqrt(lengths), lengths)
    bounds = np.append(starts, len(place))
    return scipy.sparse.csr_array((weights, place, bounds), shape=(len(starts), items))
