import math

import polars as pl
import pytest

from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.models.base import Training
from tasks.models.weighing import Weighing
from tests.models import SCALE
from tests.models.test_popular_lately import DAY, NEWEST

ROWS = {"a": (2.0, 0), "b": (4.0, 10), "c": (5.0, 30), "d": (3.5, 30.5), "e": (5.0, None)}
"""By item the rating and how many days before the newest it was given."""


def ratings():
    schema = {"user": pl.Int64, "item": pl.String, "rating": pl.Float64, "timestamp": pl.Int64}
    rows = [
        (1, item, rating, None if days is None else int(NEWEST - days * DAY))
        for item, (rating, days) in ROWS.items()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def weights(days=0, half_life=0.0, liked_from=None, liked_only=False):
    training = Training(ratings(), SCALE, liked_from=liked_from)
    weighing = Weighing.fitting(training, "some", days, half_life, liked_only=liked_only)
    counted = weighing.of(ratings())
    return dict(zip(counted["item"], counted["rating"], strict=True))


def test_everything_counts_one_unasked():
    assert weights(liked_from=4.0) == dict.fromkeys("abcde", 1.0)
    assert Weighing().counts_all


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"liked_only": True, "liked_from": 4.0}, "bce"),
        ({"liked_only": True, "liked_from": 3.5}, "bcde"),
        ({"days": 30}, "abc"),
        ({"days": 29}, "ab"),
        ({"days": 30, "liked_only": True, "liked_from": 4.0}, "bc"),
    ],
)
def test_what_is_not_liked_or_too_old_does_not_count(given, expected):
    assert weights(**given) == dict.fromkeys(expected, 1.0)


def test_a_half_life_halves_with_every_so_many_days():
    counted = weights(half_life=10.0)
    assert counted == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.125, "d": 0.5**3.05})
    assert weights(half_life=10.0, days=30) == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.125})


def test_days_and_ages_go_by_the_newest_that_a_model_was_fitted_on():
    """Half a day later than the newest rating but one: a rating of later counts more than 1."""
    counted = Weighing(days=20, half_life=10.0, newest=NEWEST - 10 * DAY).of(ratings())
    assert counted["item"].to_list() == ["a", "b", "c"]
    assert counted["rating"].to_list() == pytest.approx([2.0, 1.0, 0.25])


@pytest.mark.parametrize("given", [{"days": 30}, {"half_life": 3.0}, {"liked_only": True}])
def test_what_leaves_something_out_does_not_count_all(given):
    options = {"days": 0, "half_life": 0.0, "liked_only": False} | given
    weighing = Weighing.fitting(Training(ratings(), SCALE, liked_from=4.0), "some", **options)
    assert not weighing.counts_all
    assert math.isnan(weighing.newest) == ("liked_only" in given)


@pytest.mark.parametrize(("days", "half_life"), [(30, 0.0), (0, 30.0)])
def test_times_that_are_not_there_are_refused_where_they_matter(days, half_life):
    timeless = Training(ratings().with_columns(timestamp=pl.lit(None, pl.Int64)), SCALE)
    with pytest.raises(TooLittleDataError, match=r"no timestamps.*some.*days and half_life"):
        Weighing.fitting(timeless, "some", days, half_life, liked_only=False)
    assert Weighing.fitting(timeless, "some", 0, 0.0, liked_only=False).counts_all


def test_liked_ratings_that_nobody_names_are_refused():
    with pytest.raises(SettingsError, match=r"some is to look at liked .*nobody says.*liked_from"):
        weights(liked_only=True)
