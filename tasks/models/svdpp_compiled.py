"""The compiled part of `svdpp_fast`: stochastic gradient descent, one rating after the other."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class RatingRows(NamedTuple):
    """Ratings (R,): the user of number u has the rows starts[u]:ends[u]; `place`: whose item."""

    starts: Ints
    ends: Ints
    place: Ints
    values: Floats


class SvdppArrays(NamedTuple):
    """What is fitted: biases (U,) and (I,), vectors (U, K) and (I, K), implicit ones (I, K)."""

    bias: Floats
    facing_bias: Floats
    vectors: Floats
    facing: Floats
    implicit: Floats


class Descent(NamedTuple):
    """How it is fitted, and the mean rating."""

    epochs: int
    rate: float
    shrink: float
    mean: float


class UserSums(NamedTuple):
    """Of the user at work (K,): the sum of the implicit vectors, over the root of their number.

    `gained`: what the ratings so far add to each of these, beside what shrinks it.
    """

    implicit: Floats
    gained: Floats


@njit(cache=True, nogil=True)
def descend(rows: RatingRows, model: SvdppArrays, descent: Descent) -> None:
    """Fit the model in place."""
    size = model.vectors.shape[1]
    sums = UserSums(np.zeros(size), np.zeros(size))
    for _ in range(descent.epochs):
        for user in range(len(rows.starts)):
            _user(rows, model, descent, sums, user)


@njit(cache=True, nogil=True)
def _user(
    rows: RatingRows, model: SvdppArrays, descent: Descent, sums: UserSums, user: int
) -> None:
    start, end = rows.starts[user], rows.ends[user]
    root = sqrt(end - start)
    sums.implicit[:] = 0.0
    sums.gained[:] = 0.0
    for row in range(start, end):
        for f in range(len(sums.implicit)):
            sums.implicit[f] += model.implicit[rows.place[row], f] / root
    for row in range(start, end):
        _rating(rows, model, descent, sums, user, row)
    shrunk = (1.0 - descent.rate * descent.shrink) ** (end - start)
    for row in range(start, end):
        for f in range(len(sums.gained)):
            before = model.implicit[rows.place[row], f]
            model.implicit[rows.place[row], f] = shrunk * before + sums.gained[f] / root


@njit(cache=True, nogil=True)
def _rating(
    rows: RatingRows, model: SvdppArrays, descent: Descent, sums: UserSums, user: int, row: int
) -> None:
    item, rate, shrink = rows.place[row], descent.rate, descent.shrink
    guess = descent.mean + model.bias[user] + model.facing_bias[item]
    for f in range(len(sums.implicit)):
        guess += model.facing[item, f] * (model.vectors[user, f] + sums.implicit[f])
    error = rows.values[row] - guess
    model.bias[user] += rate * (error - shrink * model.bias[user])
    model.facing_bias[item] += rate * (error - shrink * model.facing_bias[item])
    keep = 1.0 - rate * shrink
    for f in range(len(sums.implicit)):
        own, other, implicit = model.vectors[user, f], model.facing[item, f], sums.implicit[f]
        model.vectors[user, f] += rate * (error * other - shrink * own)
        model.facing[item, f] += rate * (error * (own + implicit) - shrink * other)
        sums.implicit[f] = keep * implicit + rate * error * other
        sums.gained[f] = keep * sums.gained[f] + rate * error * other
