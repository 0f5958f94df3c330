import numpy as np
import polars as pl
import pytest

from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.core.progress import lines_to
from tasks.models import registry, stored
from tasks.models.baselines.popular_lately import PopularLately
from tasks.models.candidates import top_candidates
from tests.models import synthetic, training

DAY = 86_400
NEWEST = 1_000_000_000
DAYS_AGO = {1: (0, 200), 2: (90, 91), 3: (300, None), 4: (0, 10, 400), 5: (None,)}
"""By item how many days before the newest it was rated; None without a timestamp."""


def small():
    """Item i's ratings by users 1, 2, ...; the fifth item's has no timestamp."""
    rows = [
        (user, item, 3.0, None if days is None else NEWEST - days * DAY)
        for item, ages in DAYS_AGO.items()
        for user, days in enumerate(ages, 1)
    ]
    schema = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("user", "item")


def dated(ids):
    """The ratings that the model tests share, at random times of two years."""
    ratings = synthetic(ids)
    ages = np.random.default_rng(5).integers(0, 730 * DAY, ratings.height)
    return ratings.with_columns(timestamp=pl.Series(NEWEST - ages))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [1, 1, 0, 2, 0]),
        ({"days": 89}, [1, 0, 0, 2, 0]),
        ({"days": 9}, [1, 0, 0, 1, 0]),
        ({"days": 300}, [2, 2, 1, 2, 0]),
        ({"days": 5000}, [2, 2, 1, 3, 0]),
    ],
)
def test_ratings_count_up_to_so_many_days_before_the_newest(options, expected):
    model = PopularLately.fit(training(small(), **options))
    assert model.users.tolist() == [1, 2, 3] and model.items.tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(model.estimates(np.array([2, 10**9])), [expected] * 2)
    assert (model.estimates_of_unknown(np.array([1])) == 0).all()


def test_only_the_ratings_that_it_is_fitted_on_say_which_is_the_newest():
    older = small().filter(pl.col("timestamp") < NEWEST)
    model = PopularLately.fit(training(older))
    np.testing.assert_array_equal(model.estimates(np.array([1])), [[0, 2, 0, 1]])


def test_everybody_is_offered_what_was_rated_most_often_lately():
    ratings = dated("text")
    shuffled = ratings.sample(fraction=1.0, shuffle=True, seed=2)
    model = registry.fit("popular-lately", training(shuffled))
    lately = ratings.filter(pl.col("timestamp") >= ratings["timestamp"].max() - 90 * DAY)
    counts = dict(lately["item"].value_counts().iter_rows())
    mine = set(ratings.filter(user="reader-1")["item"])
    best = sorted((counts.get(item, 0) for item in {*ratings["item"]} - mine), reverse=True)
    found = top_candidates(model, ratings, pl.Series("user", ["reader-1"]), 10, 0)
    assert found["estimate"].to_list() == best[:10]


def test_who_changed_is_folded_in_and_stored_with_the_same_scores(tmp_path):
    ratings = dated("whole numbers")
    model = PopularLately.fit(training(ratings, days=30))
    people = np.array([3, 10**9])
    folded = model.fold_in(ratings.filter(user=3), pl.Series("user", people))
    np.testing.assert_array_equal(folded.estimates(people), model.estimates(people))
    kept = stored.save(tmp_path, model)
    back = stored.load(tmp_path, stored.save_users(tmp_path, folded, kept))
    assert type(back) is PopularLately and back.options == {"days": 30}
    np.testing.assert_array_equal(back.estimates(people), model.estimates(people))


def test_ratings_without_any_timestamp_are_refused():
    timeless = small().with_columns(timestamp=pl.lit(None, pl.Int64))
    with pytest.raises(TooLittleDataError, match=r"no timestamps.*popular-lately.*use popularity"):
        PopularLately.fit(training(timeless))


def test_ratings_of_one_time_all_count_and_that_is_said():
    lines: list[str] = []
    with lines_to(lines.append):
        PopularLately.fit(training(small()))
        assert not lines
        same = small().with_columns(timestamp=pl.when(pl.col("timestamp") > 0).then(NEWEST))
        model = PopularLately.fit(training(same))
    np.testing.assert_array_equal(model.estimates(np.array([1])), [[2, 2, 1, 3, 0]])
    assert lines == [
        "popular-lately: all times are the same, so it counts ratings as popularity does"
    ]


@pytest.mark.parametrize("days", [0, -1])
def test_days_that_are_none_are_refused(days):
    with pytest.raises(SettingsError, match=r"days = .* is refused.*options .*: days"):
        PopularLately.fit(training(small(), days=days))
