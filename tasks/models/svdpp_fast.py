"""SVD++ as Surprise fits it, in time that grows with the ratings alone.

Surprise walks through a user's whole history at each of the user's ratings, to add up the implicit
vectors y of all that they rated and to move each of these: the sum of squared history lengths. But
while one user is at work nobody else moves these vectors, and each moves by the same amount and
shrinks by the same share. So their sum, and what is to be done to all of them, are carried along
as two vectors of the user, and y is touched once before and once after. Only the rounding differs.
"""

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.factors import Factors
from tasks.models.interactions import ids_of

FACTORS, EPOCHS, RATE, SHRINK, SPREAD = 20, 20, 0.007, 0.02, 0.1
"""Surprise's defaults for SVD++ (Koren 2008, section 4)."""


def fit(ratings: pl.DataFrame, scale: tuple[float, float], seed: int) -> Factors:
    """The same biases and factors as Surprise's SVDpp gives for these rows and this seed.

    Rows of one user must follow each other. Raises SettingsError without the package numba.
    """
    try:
        import tasks.models.svdpp_descent as by  # noqa: PLC0415 - an extra, slow to load
    except ImportError as error:
        raise SettingsError(
            "The base model svdpp-fast needs the package numba.",
            "Install it: pip install palate[fast]. Or take svdpp, which gives the same slowly.",
        ) from error
    users, starts = _in_order(ids_of(ratings[USER]))
    items, place = _as_they_appear(ids_of(ratings[ITEM]))
    values = ratings[RATING].cast(pl.Float64).to_numpy()
    mean = float(np.mean(values))
    random = np.random.RandomState(seed)  # Surprise's generator: the same draws
    sizes = len(users), len(items), len(items)
    vectors, facing, implicit = (random.normal(0, SPREAD, (size, FACTORS)) for size in sizes)
    bias, facing_bias = np.zeros(len(users)), np.zeros(len(items))
    ends = np.append(starts[1:], len(values))
    by.descend(
        by.Rows(starts, ends, place, values),
        by.Model(bias, facing_bias, vectors, facing, implicit),
        by.Pace(EPOCHS, RATE, SHRINK, mean),
    )
    told = _implicit(starts, ends, place, len(items)) @ implicit
    by_user, by_item = np.argsort(users), np.argsort(items)
    return Factors(
        users=users[by_user],
        items=items[by_item],
        mean=np.asarray(mean),
        user_bias=bias[by_user],
        item_bias=facing_bias[by_item],
        user_factors=np.ascontiguousarray((vectors + told)[by_user]),
        item_factors=np.ascontiguousarray(facing[by_item]),
        scale=np.asarray(scale, dtype=np.float64),
    )


def _in_order(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each user (U,) and the row (U,) where their ratings begin."""
    starts = np.flatnonzero(np.append(True, column[1:] != column[:-1]))
    return column[starts], starts


def _as_they_appear(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The items (I,) in the order in which Surprise meets and numbers them; each row's number."""
    known, first, place = np.unique(column, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return known[order], number[place]


def _implicit(starts: np.ndarray, ends: np.ndarray, place: np.ndarray, items: int) -> csr_array:
    """Sparse (U, I): 1 / sqrt(length of the user's history) where the user rated the item."""
    lengths = ends - starts
    weights = np.repeat(1 / np.sqrt(lengths), lengths)
    bounds = np.append(starts, len(place))
    return csr_array((weights, place, bounds), shape=(len(starts), items))
