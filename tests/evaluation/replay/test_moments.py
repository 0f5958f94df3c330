import polars as pl
import pytest

from tasks.core.errors import TooLittleDataError
from tasks.evaluation.replay.moments import day, moments_of

DAY = 86_400
RATINGS = pl.DataFrame({"timestamp": [DAY * at for at in range(0, 640, 2)]})
NEWEST = 638 * DAY


def test_the_last_horizon_ends_with_the_newest_rating():
    moments = moments_of(RATINGS, None, None, 3, None)
    assert moments.horizon == moments.every == 19, "638 days / 32"
    assert [one - moments.starts[0] for one in moments.starts] == [0, 19 * DAY, 38 * DAY]
    assert moments.window(2).end == NEWEST + 1 and moments.window(2).start == moments.starts[2]
    assert moments.window(0).end == moments.starts[1]


def test_what_is_given_is_kept():
    moments = moments_of(RATINGS, 100 * DAY, 7, 2, 30)
    assert moments.starts == (100 * DAY, 107 * DAY)
    assert (moments.every, moments.horizon) == (7, 30)
    assert moments.window(1).end == 137 * DAY


@pytest.mark.parametrize(
    ("start", "nights", "says"),
    [
        (0, 1, "nothing was rated before it: the ratings go from 1970-01-01 to 1971-10-01"),
        (630 * DAY, 3, "Night 3 would be on 1971-11-02, and nothing was rated after it"),
        (None, 40, "nothing was rated before it"),
    ],
)
def test_nights_without_anything_to_know_or_to_judge_by_are_refused(start, nights, says):
    with pytest.raises(TooLittleDataError, match="--nights") as error:
        moments_of(RATINGS, start, 20, nights, 20)
    assert says in error.value.what


def test_a_day_is_told_with_its_time_where_it_has_one():
    assert day(1601503200 - 1601503200 % DAY) == "2020-09-30"
    assert day(1601503200) == "2020-09-30 22:00"
