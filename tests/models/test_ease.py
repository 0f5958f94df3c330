from functools import partial

import numpy as np
import polars as pl
import pytest

from tasks.core.progress import lines_to
from tasks.models.base import Extent, Training
from tasks.models.baselines.ease import Ease
from tests.models import SCALE, synthetic, training

LAMBDA = 30.0


def wide():
    """60 users, 80 items."""
    return synthetic("text")


def tall():
    """80 users, 60 items."""
    return synthetic("text").rename({"user": "item", "item": "user"})


def fit(ratings, **options):
    return Ease.fit(training(ratings, regularization=LAMBDA, **options))


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


def test_beyond_so_many_users_and_items_the_most_rated_items_alone_count():
    ratings, kept, lines = tall(), 40, list[str]()
    with lines_to(lines.append):
        model = fit(ratings, items=kept)
    counts = ratings["item"].value_counts(sort=True)
    least = counts["count"][kept - 1]
    assert len(model.items) == kept and len(model.users) == 80
    counted = dict(counts.iter_rows())
    assert min(counted[item] for item in model.items) == least
    assert lines == ["EASE looks at the 40 most rated of 60 items"]
    told = partial(Ease.passed_over, options={"items": 40})
    assert told(Extent(10**6, 80, 60)) == lines[0]
    assert told(Extent(10**6, 40, 60)) is told(Extent(10**6, 80, 40)) is None
    some = fit(ratings.filter(pl.col("item").is_in(model.items.tolist())))
    np.testing.assert_allclose(model.estimates(some.users), some.estimates(some.users), atol=1e-6)


def test_as_many_items_as_asked_for_or_as_many_people_leave_all_items():
    assert len(fit(tall(), items=60).items) == 60
    assert len(fit(wide(), items=60).items) == 80


@pytest.mark.parametrize("ratings", [wide(), tall()], ids=["wide", "tall"])
def test_a_share_of_all_ratings_is_shrunk_by_as_much_less(ratings):
    half = Training(ratings, SCALE, 0, {"regularization": 2 * LAMBDA}, share=0.5)
    users = fit(ratings).users
    expected = fit(ratings).estimates(users)
    np.testing.assert_allclose(Ease.fit(half).estimates(users), expected, atol=1e-6)
    folded = Ease.fit(half).fold_in(ratings, pl.Series("user", users))
    unrated = expected.copy()
    rated = ratings.join(pl.DataFrame({"user": users}).with_row_index("row"), on="user")
    items = {item: place for place, item in enumerate(folded.items.tolist())}
    unrated[rated["row"].to_numpy(), [items[item] for item in rated["item"]]] = 0.0
    again = folded.estimates(users)
    again[unrated == 0.0] = 0.0
    np.testing.assert_allclose(again, unrated, atol=1e-5)
