import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    explained_variance_score,
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)

from tasks.evaluation.rating_error import rating_errors

THEIRS = {
    "RMSE": root_mean_squared_error,
    "MAE": mean_absolute_error,
    "R2": r2_score,
    "explained variance": explained_variance_score,
}


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10**6), st.integers(2, 60), st.floats(-2, 2))
def test_rating_errors_agree_with_scikit_learn(seed, count, shift):
    random = np.random.default_rng(seed)
    ratings = random.integers(1, 11, count) / 2
    ratings[:2] = 1.0, 4.0
    estimates = np.clip(ratings + random.normal(shift, 1, count), 0.5, 5)
    found = rating_errors(estimates, ratings)
    assert set(found) == set(THEIRS)
    for name, theirs in THEIRS.items():
        assert found[name] == pytest.approx(theirs(ratings, estimates), abs=1e-9), name


def test_a_constant_error_costs_r2_but_no_explained_variance():
    ratings = np.array([1.0, 2.0, 3.0])
    found = rating_errors(ratings + 1, ratings)
    assert found == pytest.approx(
        {"RMSE": 1.0, "MAE": 1.0, "R2": 1 - 3 / 2, "explained variance": 1.0}
    )


def test_shares_of_variance_are_not_defined_where_all_ratings_are_the_same():
    found = rating_errors(np.array([3.0, 4.0]), np.array([4.0, 4.0]))
    assert found["MAE"] == 0.5
    assert math.isnan(found["R2"])
    assert math.isnan(found["explained variance"])
