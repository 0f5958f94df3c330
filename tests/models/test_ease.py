import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError
from tasks.models.baselines import ease
from tasks.models.baselines.ease import Ease
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


@pytest.mark.parametrize("ratings", [wide(), tall()], ids=["wide", "tall"])
def test_somebody_unknown_scores_zero(ratings):
    model = fit(ratings)
    scores = model.estimates(np.array(["zz", model.users[5]]))
    assert (scores[0] == 0).all() and np.count_nonzero(scores[1]) > 50


def test_what_is_too_large_to_invert_is_refused(monkeypatch):
    monkeypatch.setattr(ease, "LARGEST", 59)
    with pytest.raises(SettingsError, match="60 x 60"):
        fit(wide())
