import numpy as np
import polars as pl
import pytest

from tasks.core.errors import TooLittleDataError
from tasks.core.progress import lines_to
from tasks.models import registry, stored
from tasks.models.base import Extent, Training
from tasks.models.baselines.forward_ridge import NOT_LIKED, ForwardRidge
from tasks.models.candidates import top_candidates
from tests.models import SCALE, training
from tests.models.test_next_items import sequences
from tests.models.test_popular_lately import DAY, NEWEST, dated

LAMBDA = 3.0
LIKED = 3.5


def fit(ratings, **given):
    options = {"regularization": LAMBDA, "days": 300} | given
    return registry.fit("forward-ridge", Training(ratings, SCALE, 0, options, liked_from=LIKED))


def history_before(ratings, moment, items):
    """By user what they had rated, made rating by rating, and a last 1."""
    rows: dict[object, np.ndarray] = {}
    for user, item, rating, when in ratings.select("user", "item", "rating", "timestamp").rows():
        if when < moment:
            row = rows.setdefault(user, np.append(np.zeros(len(items)), 1.0))
            row[items.index(item)] = 1.0 if rating >= LIKED else NOT_LIKED
    return rows


def by_definition(ratings, days):
    """Weights (H + 1, I) by the normal equations, with the items of both sides."""
    history, newest = sorted(set(ratings["item"])), max(ratings["timestamp"])
    late = ratings.filter(pl.col("rating") >= LIKED, pl.col("timestamp") >= newest - days * DAY)
    items, known, liked = sorted(set(late["item"])), [], []
    for part in (1, 2, 3):
        moment = newest - part * days * DAY // 3
        before = history_before(ratings, moment, history)
        since = late.filter(pl.col("timestamp") >= moment)
        for user in sorted(set(since["user"]) & set(before)):
            known.append(before[user])
            liked.append([item in since.filter(pl.col("user") == user)["item"] for item in items])
    x, y = np.array(known), np.array(liked, float)
    return x, np.linalg.solve(x.T @ x + LAMBDA * np.eye(x.shape[1]), x.T @ y), history, items


@pytest.mark.parametrize("ids", ["text", "whole numbers"])
@pytest.mark.parametrize("days", [15, 300])
def test_scores_are_those_of_the_normal_equations(ids, days):
    """Fewer people of late than items with 15 days, more with 300: the two ways to solve them."""
    ratings = dated(ids)
    model = fit(ratings, days=days)
    x, weights, history, items = by_definition(ratings, days)
    assert (len(x) < x.shape[1]) == (days == 15)
    assert model.history.tolist() == history and model.items.tolist() == items
    now = history_before(ratings, np.inf, history)
    expected = np.array([now[user] for user in model.users.tolist()]) @ weights
    np.testing.assert_allclose(model.estimates(model.users), expected, rtol=0, atol=1e-5)


def test_it_foretells_what_people_like_them_came_to_like_of_late():
    """Who had 1 liked 2 years ago, and likes 3 now; who had 4 likes 5 now."""
    long_ago = sequences(*[[1, 2]] * 5, *[[4]] * 5, [1], [4]).with_columns(
        pl.col("timestamp") - 700 * DAY
    )
    now = sequences(*[[3]] * 5, *[[5]] * 5)
    ratings = pl.concat([long_ago, now]).sort("user", "item").with_columns(rating=4.0)
    model = fit(ratings, days=30)
    assert model.items.tolist() == [3, 5], "2 was liked, but not of late"
    eleventh, twelfth = model.estimates(np.array([11, 12]))
    assert eleventh[0] > 2 * eleventh[1] and twelfth[1] > 2 * twelfth[0]
    found = top_candidates(model, ratings, pl.Series("user", [11]), 1, seed=0)
    assert found["item"].to_list() == [3]


@pytest.mark.parametrize(
    "nothing",
    [{"rating": pl.lit(LIKED - 0.5)}, {"timestamp": pl.lit(NEWEST)}],
    ids=["nothing liked", "one time"],
)
def test_where_nobody_liked_anything_after_something_else_all_is_0_and_said(nothing):
    said: list[str] = []
    with lines_to(said.append):
        model = fit(dated("text").with_columns(**nothing), days=30)
    assert not model.estimates(model.users).any() and len(model.items) == 80
    assert "liked anything in 30 days: it is all 0" in "".join(said)


def test_where_nobody_says_what_is_liked_all_ratings_are():
    ratings = dated("text")
    all_liked = ForwardRidge.fit(training(ratings, regularization=LAMBDA, days=300))
    high = fit(ratings.with_columns(rating=5.0))
    np.testing.assert_allclose(
        all_liked.estimates(all_liked.users), high.estimates(all_liked.users), atol=1e-6
    )


def test_of_too_many_items_it_looks_at_the_most_rated_and_says_so():
    ratings = dated("text")
    said: list[str] = []
    with lines_to(said.append):
        model = fit(ratings, items=10)
    counts = ratings["item"].value_counts().sort(["count", "item"], descending=[True, False])
    assert model.history.tolist() == sorted(counts["item"].head(10))
    assert "of 80 items the 10 most rated" in "".join(said)
    told = ForwardRidge.passed_over(Extent(ratings.height, 60, 80), {"items": 10})
    assert told == "forward ridge looks at the 10 most rated of 80 items"
    assert ForwardRidge.passed_over(Extent(ratings.height, 60, 80), {"items": 80}) is None
    assert len(model.items) > 10, "what is foretold is not limited"


@pytest.mark.parametrize("ids", ["text", "whole numbers"])
def test_who_changed_is_folded_in_as_a_fresh_fit_has_them_and_stored(ids, tmp_path):
    ratings = dated(ids)
    model = fit(ratings)
    people = model.users[[3, 17]]
    users = pl.Series("user", people.tolist())
    folded = model.fold_in(ratings.filter(pl.col("user").is_in(users.implode())), users)
    np.testing.assert_array_equal(folded.estimates(people), model.estimates(people))
    assert np.ptp(folded.estimates(people)) > 0
    kept = stored.save(tmp_path, model)
    back = stored.load(tmp_path, stored.save_users(tmp_path, folded, kept))
    assert type(back) is ForwardRidge
    np.testing.assert_array_equal(back.estimates(people), model.estimates(people))


def test_somebody_without_ratings_gets_what_is_likely_for_everybody():
    model = fit(dated("whole numbers"))
    nobody = pl.Series("user", [10**6])
    none = dated("whole numbers").clear()
    stranger = model.estimates(np.array([10**9]))
    assert stranger.any()
    np.testing.assert_array_equal(
        stranger, model.fold_in(none, nobody).estimates(np.array([10**6]))
    )
    pairs = model.estimates_of_pairs(np.array([10**9] * 2), np.array([0, 1]))
    np.testing.assert_array_equal(pairs, stranger[0, :2])


def test_a_rating_without_a_timestamp_counts_for_who_is_served_alone():
    timed = dated("whole numbers")
    lone = pl.DataFrame({"user": [999], "item": [5], "rating": [5.0], "timestamp": [None]})
    model, before = fit(pl.concat([timed, lone.cast(timed.schema)])), fit(timed)
    np.testing.assert_array_equal(model.right, before.right)
    assert (model.estimates(np.array([999])) != model.estimates(np.array([10**9]))).any()


def test_ratings_without_times_are_refused():
    timeless = dated("text").with_columns(timestamp=pl.lit(None, pl.Int64))
    with pytest.raises(TooLittleDataError, match=r"no timestamps.*forward-ridge.*use ease"):
        fit(timeless)
