"""EASE of liked ratings alone, of late ones, and of ratings that count less with age."""

import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.models import registry, stored
from tasks.models.base import Training
from tasks.models.baselines.ease import Ease
from tasks.models.options import ModelOptions
from tasks.models.stages import train_stage
from tests.models import SCALE
from tests.models.test_popular_lately import DAY, dated

LAMBDA = 3.0
LIKED = 3.5
GIVEN = [
    {"liked_only": True},
    {"days": 365},
    {"half_life": 200.0},
    {"half_life": 90.0, "days": 500, "liked_only": True},
]


def wide():
    """60 users, 80 items: solved by users."""
    return dated("text")


def tall():
    """80 users, 60 items: solved by items."""
    return wide().rename({"user": "item", "item": "user"}).sort("user", "item")


BOTH = pytest.mark.parametrize("ratings", [wide(), tall()], ids=["by users", "by items"])
EACH = pytest.mark.parametrize("given", GIVEN, ids=str)


def fit(ratings, name="ease", **given):
    options = {"regularization": LAMBDA} | given
    return registry.fit(name, Training(ratings, SCALE, 0, options, liked_from=LIKED))


def people(model, *places):
    return model.users[list(places)]


def folded(model, ratings, users):
    wanted = pl.Series("user", users.tolist())
    theirs = ratings.filter(pl.col("user").is_in(wanted.implode()))
    return model.fold_in(theirs, wanted)


def by_definition(ratings, liked_only=False, days=0, half_life=0.0):
    """X, and X B with Steck's B = I - P / diag(P), of an X that is made rating by rating."""
    users, items = (sorted(set(ratings[name])) for name in ("user", "item"))
    x = np.zeros((len(users), len(items)))
    newest = max(ratings["timestamp"])
    for user, item, rating, when in ratings.select("user", "item", "rating", "timestamp").rows():
        age = (newest - when) / DAY
        if (rating >= LIKED or not liked_only) and (age <= days or not days):
            x[users.index(user), items.index(item)] = 0.5 ** (age / half_life) if half_life else 1
    inverse = np.linalg.inv(x.T @ x + LAMBDA * np.eye(len(items)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return x, x @ weights


@EACH
@BOTH
def test_scores_are_those_of_the_definition_where_nothing_counts(ratings, given):
    model = fit(ratings, **given)
    x, expected = by_definition(ratings, **given)
    scores = model.estimates(model.users)
    np.testing.assert_allclose(scores[x == 0], expected[x == 0], rtol=0, atol=2e-5)
    plain = fit(ratings).estimates(model.users)
    assert np.abs(scores - plain)[x == 0].max() > 0.05, "or this test tells nothing"


@BOTH
def test_unset_options_leave_it_as_it_was_to_the_last_bit(ratings):
    unset = fit(ratings, liked_only=False, days=0, half_life=0.0)
    silent = Ease.fit(Training(ratings, SCALE, options={"regularization": LAMBDA}))
    timeless = Ease.fit(
        Training(
            ratings.with_columns(timestamp=pl.lit(None, pl.Int64)),
            SCALE,
            options={"regularization": LAMBDA},
        )
    )
    for other in (silent, timeless):
        np.testing.assert_array_equal(other.estimates(other.users), unset.estimates(unset.users))


@EACH
@BOTH
def test_who_is_folded_in_scores_as_a_fresh_fit_has_them(ratings, given):
    model = fit(ratings, **given)
    users = people(model, 3, 30, 51)
    again = folded(model, ratings, users)
    x, _ = by_definition(ratings, **given)
    nothing = x[[3, 30, 51]] == 0
    one, other = (m.estimates(users)[nothing] for m in (model, again))
    np.testing.assert_allclose(other, one, rtol=1e-4, atol=2e-5)
    assert np.ptp(one) > 0.05


@EACH
@BOTH
def test_a_twin_who_is_new_scores_as_the_one_they_resemble(ratings, given):
    model = fit(ratings, **given)
    twin = ratings.filter(user=model.users[7]).with_columns(user=pl.lit("zz"))
    again = folded(model, pl.concat([ratings, twin]), np.array([model.users[7], "zz"]))
    mine, theirs = again.estimates(np.array([model.users[7], "zz"]))
    np.testing.assert_allclose(theirs, mine, atol=1e-6)
    assert np.abs(theirs).max() > 0.05


@BOTH
def test_what_was_rated_long_ago_or_badly_since_changes_nobodys_scores(ratings):
    model = fit(ratings, days=100, liked_only=True)
    user = people(model, 5)
    theirs = ratings.filter(user=user[0])
    newest = ratings["timestamp"].max()
    late = (pl.col("timestamp") >= newest - 100 * DAY) & (pl.col("rating") >= LIKED)
    assert 0 < theirs.filter(late).height < theirs.height
    one, other = (
        model.fold_in(some, pl.Series(user.tolist())) for some in (theirs, theirs.filter(late))
    )
    np.testing.assert_array_equal(one.estimates(user), other.estimates(user))


@EACH
@BOTH
def test_it_is_stored_and_read_with_all_that_folding_in_needs(ratings, given, tmp_path):
    model = fit(ratings, **given)
    back = stored.load(tmp_path, stored.save(tmp_path, model))
    users = people(model, 2, 9)
    one, other = (folded(each, ratings, users).estimates(users) for each in (model, back))
    np.testing.assert_array_equal(other, one)


def test_everybody_and_every_item_stay_known():
    model = fit(wide(), days=1)
    assert model.users.tolist() == sorted(set(wide()["user"]))
    assert model.items.tolist() == sorted(set(wide()["item"]))
    assert np.isfinite(model.estimates(model.users)).all()


def test_a_rating_without_a_timestamp_does_not_count_where_times_matter():
    ratings = wide()
    some = pl.int_range(pl.len()) % 3 == 0
    missing = ratings.with_columns(
        timestamp=pl.when(some & (pl.col("timestamp") < pl.col("timestamp").max()))
        .then(None)
        .otherwise("timestamp")
    )
    rest = missing.drop_nulls("timestamp")
    whole, part = fit(missing, half_life=100.0), fit(rest, half_life=100.0)
    assert 0 < rest.height < ratings.height and len(part.users) == len(whole.users)
    np.testing.assert_array_equal(whole.estimates(whole.users), part.estimates(whole.users))


@pytest.mark.parametrize("given", [{"days": 3}, {"half_life": 3.0}])
def test_ratings_without_any_timestamp_are_refused_where_times_matter(given):
    timeless = wide().with_columns(timestamp=pl.lit(None, pl.Int64))
    with pytest.raises(TooLittleDataError, match=r"no timestamps.*sharp-ease"):
        fit(timeless, "sharp-ease", **given)


def test_liked_ratings_alone_need_the_rating_from_which_an_item_is_liked():
    with pytest.raises(SettingsError, match="ease is to look at liked ratings alone"):
        Ease.fit(Training(wide(), SCALE, options={"liked_only": True}))


def test_options_and_the_liked_rating_reach_it_through_its_stage(tmp_path):
    options = ModelOptions(ease_regularization=LAMBDA, ease_liked_only=True, ease_half_life=90.0)
    ratings = write_table(tmp_path, "train", wide())
    made = train_stage.fn(
        tmp_path, ratings, SCALE, "ease", options.of("ease"), seed=0, liked_from=LIKED
    )
    model, expected = stored.load(tmp_path, made), fit(wide(), liked_only=True, half_life=90.0)
    np.testing.assert_array_equal(model.estimates(model.users), expected.estimates(model.users))
