"""Windows of time: how long they are, which are taken, and who could be tested in them."""

import polars as pl
import pytest

from tasks.evaluation.splits.protocols import split
from tasks.evaluation.splits.windows import (
    DAY,
    newest_windows,
    people_in,
    shrinking_windows,
    window_of,
)
from tests.evaluation.splits.made_up import SCHEMA, random_ratings


@pytest.mark.parametrize(("days", "usual"), [(10_000, 30), (960, 30), (320, 10), (20, 1)])
def test_a_window_is_a_month_or_less_of_a_short_time(days, usual):
    ratings = pl.DataFrame([(1, 1, 3.0, 0), (1, 2, 3.0, days * DAY)], schema=SCHEMA, orient="row")
    window = window_of(ratings)
    assert (window.days, window.end) == (usual, days * DAY + 1)
    assert window.earlier(2).end == window.end - 2 * usual * DAY == window.earlier(1).start


def test_who_could_be_tested_in_a_window_is_counted_as_the_protocol_tests():
    ratings = random_ratings(4)
    for step in range(5):
        window = window_of(ratings).earlier(step)
        assert people_in(ratings, window) == split(ratings, "horizon", 0, 3, window).users.len() > 0


def test_windows_without_enough_people_are_passed_over():
    rated = [(user, user, 3.0, 0) for user in (1, 2, 3)]
    rated += [(1, 4, 3.0, 90 * DAY), (2, 4, 3.0, 90 * DAY), (1, 5, 3.0, 97 * DAY)]
    rated += [(1, 6, 3.0, 99 * DAY), (2, 6, 3.0, 99 * DAY)]
    ratings = pl.DataFrame(rated, schema=SCHEMA, orient="row")
    newest = window_of(ratings, 100 * DAY, 2)
    ends = [one.end // DAY for one in newest_windows(ratings, newest, 3, 2)]
    assert ends == [100, 92], "one person rated in that of 98; six are looked at"
    assert len(newest_windows(ratings, newest, 1, 2)) == 1
    assert not newest_windows(ratings, newest, 3, 3)


def test_shrinking_windows_hold_the_newest_quarter_and_less():
    """Of 100 days with a rating of each of 25 people every day the newest 25 days."""
    days = [(user, day, 3.0, day * DAY) for user in range(25) for day in range(100)]
    ratings = pl.DataFrame(days, schema=SCHEMA, orient="row")
    found = shrinking_windows(ratings)
    assert [one.days for one in found] == [1, 8, 24]
    assert {one.end for one in found} == {99 * DAY + 1}
    assert not shrinking_windows(ratings.filter(pl.col("user") < 19)), "too few people to test"
