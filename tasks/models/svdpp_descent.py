"""The compiled part of `svdpp_fast`: stochastic gradient descent, one rating after the other."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rows(NamedTuple):
    """Ratings (R,): the user of number u has the rows starts[u]:ends[u]; `place`: whose item."""

    starts: Ints
    ends: Ints
    place: Ints
    values: Floats


class Model(NamedTuple):
    """What is fitted: biases (U,) and (I,), vectors (U, K) and (I, K), implicit ones (I, K)."""

    bias: Floats
    facing_bias: Floats
    vectors: Floats
    facing: Floats
    implicit: Floats


class Pace(NamedTuple):
    """How it is fitted, and the mean rating."""

    epochs: int
    rate: float
    shrink: float
    mean: float


class Carried(NamedTuple):
    """Of the user at work (K,): the sum of the implicit vectors, over the root of their number.

    `moved`: what the ratings so far add to each of these, beside what shrinks it.
    """

    told: Floats
    moved: Floats


@njit(cache=True, nogil=True)
def descend(rows: Rows, model: Model, pace: Pace) -> None:
    """Fit the model in place."""
    size = model.vectors.shape[1]
    carried = Carried(np.zeros(size), np.zeros(size))
    for _ in range(pace.epochs):
        for user in range(len(rows.starts)):
            _user(rows, model, pace, carried, user)


@njit(cache=True, nogil=True)
def _user(rows: Rows, model: Model, pace: Pace, carried: Carried, user: int) -> None:
    start, end = rows.starts[user], rows.ends[user]
    root = sqrt(end - start)
    carried.told[:] = 0.0
    carried.moved[:] = 0.0
    for row in range(start, end):
        for f in range(len(carried.told)):
            carried.told[f] += model.implicit[rows.place[row], f] / root
    for row in range(start, end):
        _rating(rows, model, pace, carried, user, row)
    shrunk = (1.0 - pace.rate * pace.shrink) ** (end - start)
    for row in range(start, end):
        for f in range(len(carried.moved)):
            before = model.implicit[rows.place[row], f]
            model.implicit[rows.place[row], f] = shrunk * before + carried.moved[f] / root


@njit(cache=True, nogil=True)
def _rating(rows: Rows, model: Model, pace: Pace, carried: Carried, user: int, row: int) -> None:
    item, rate, shrink = rows.place[row], pace.rate, pace.shrink
    guess = pace.mean + model.bias[user] + model.facing_bias[item]
    for f in range(len(carried.told)):
        guess += model.facing[item, f] * (model.vectors[user, f] + carried.told[f])
    error = rows.values[row] - guess
    model.bias[user] += rate * (error - shrink * model.bias[user])
    model.facing_bias[item] += rate * (error - shrink * model.facing_bias[item])
    keep = 1.0 - rate * shrink
    for f in range(len(carried.told)):
        own, other, told = model.vectors[user, f], model.facing[item, f], carried.told[f]
        model.vectors[user, f] += rate * (error * other - shrink * own)
        model.facing[item, f] += rate * (error * (own + told) - shrink * other)
        carried.told[f] = keep * told + rate * error * other
        carried.moved[f] = keep * carried.moved[f] + rate * error * other
