import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError
from tasks.models.baselines import ease
from tasks.models.baselines.ease import Ease
from tasks.models.interactions import interactions_of
from tests.models import synthetic, training

LAMBDA = 30.0


def wide():
    """60 users, 80 items."""
    return synthetic("text")


def tall():
    """80 users, 60 items."""
    return synthetic("text").rename({"user": "item", "item": "user"})


def fit(ratings):
    return Ease.fit(training(ratings, regularization=LAMBDA))


def solved(solve, ratings):
    """The model by one of the two ways to solve for it."""
    users, items, rated = interactions_of(ratings)
    left, right = solve(rated, LAMBDA)
    return Ease(users=users, items=items, left=left, right=right)


def by_definition(ratings):
    """X B, with Steck's B = I - P / diag(P) item by item; and where X is 0."""
    table = ratings.sort("user", "item").pivot("item", index="user", values="rating").sort("user")
    seen = table.drop("user").select(sorted(table.columns[1:])).to_numpy()
    rated = (~np.isnan(seen)).astype(float)
    inverse = np.linalg.inv(rated.T @ rated + LAMBDA * np.eye(rated.shape[1]))
    weights = np.zeros_like(inverse)
    for row, column in np.ndindex(*inverse.shape):
        if row != column:
            weights[row, column] = -inverse[row, column] / inverse[column, column]
    return rated @ weights, rated == 0


@pytest.mark.parametrize("ratings", [wide(), tall()], ids=["wide", "tall"])
@pytest.mark.parametrize("solve", [ease.by_users, ease.by_items])
def test_scores_of_unrated_items_are_those_of_the_definition(ratings, solve):
    expected, unrated = by_definition(ratings)
    model = solved(solve, ratings)
    scores = model.estimates(model.users)
    np.testing.assert_allclose(scores[unrated], expected[unrated], rtol=0, atol=1e-5)
    assert np.ptp(scores[unrated]) > 0.1


def test_by_items_rated_items_too_are_those_of_the_definition():
    model = solved(ease.by_items, wide())
    np.testing.assert_allclose(model.estimates(model.users), by_definition(wide())[0], atol=1e-5)


@pytest.mark.parametrize("ratings, size", [(wide(), 60), (tall(), 60)], ids=["wide", "tall"])
def test_the_smaller_side_is_inverted(ratings, size):
    model = fit(ratings)
    dense = next(side for side in (model.left, model.right) if isinstance(side, np.ndarray))
    assert dense.shape == (size, size) and dense.dtype == np.float32


def test_how_high_a_rating_is_does_not_matter():
    other = wide().with_columns(rating=pl.lit(1.0))
    users = np.array(wide()["user"].unique().sort().to_list())
    expected = fit(wide()).estimates(users)
    np.testing.assert_array_equal(fit(other).estimates(users), expected)


def test_blocks_change_nothing(monkeypatch):
    expected = fit(wide()).arrays()["right_data"]
    monkeypatch.setattr(ease, "BLOCK_CELLS", 60 * 7)
    np.testing.assert_allclose(fit(wide()).arrays()["right_data"], expected, rtol=1e-6)


@pytest.mark.parametrize("ratings", [wide(), tall()], ids=["wide", "tall"])
def test_somebody_unknown_scores_zero(ratings):
    model = fit(ratings)
    scores = model.estimates(np.array(["zz", model.users[5]]))
    assert (scores[0] == 0).all() and np.count_nonzero(scores[1]) > 50


def test_what_is_too_large_to_invert_is_refused(monkeypatch):
    monkeypatch.setattr(ease, "LARGEST", 59)
    with pytest.raises(SettingsError, match="60 x 60"):
        fit(wide())
