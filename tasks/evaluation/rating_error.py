"""How far estimated ratings are from the held-out ones.

Each is a function of `estimates` (n,), clipped to the scale, and `ratings` (n,), and gives one
number. To add one, write such a function and name it.
"""

from collections.abc import Callable

import numpy as np

from tasks.core.registry import named
from tasks.evaluation.lists import Floats

RATING_ERROR: dict[str, Callable[[Floats, Floats], float]] = {}


@named(RATING_ERROR, "RMSE")
def root_mean_squared_error(estimates: Floats, ratings: Floats) -> float:
    """Square root of the mean squared error, in rating points."""
    return float(np.sqrt(np.mean((ratings - estimates) ** 2)))


@named(RATING_ERROR, "MAE")
def mean_absolute_error(estimates: Floats, ratings: Floats) -> float:
    """Mean absolute error, in rating points."""
    return float(np.mean(np.abs(ratings - estimates)))


@named(RATING_ERROR, "R2")
def r_squared(estimates: Floats, ratings: Floats) -> float:
    """1 - sum of squared errors / sum of squared distances from the mean rating.

    0 is as good as always saying the mean. NaN where all ratings are the same.
    """
    return _one_minus(np.mean((ratings - estimates) ** 2), np.var(ratings))


@named(RATING_ERROR, "explained variance")
def explained_variance(estimates: Floats, ratings: Floats) -> float:
    """1 - variance of the errors / variance of the ratings: R2 that forgives a constant error.

    NaN where all ratings are the same.
    """
    return _one_minus(np.var(ratings - estimates), np.var(ratings))


def rating_errors(estimates: Floats, ratings: Floats) -> dict[str, float]:
    """Every metric above by its name."""
    return {name: metric(estimates, ratings) for name, metric in RATING_ERROR.items()}


def _one_minus(unexplained: np.floating, variance: np.floating) -> float:
    return float(1 - unexplained / variance) if variance > 0 else float("nan")
