import polars as pl
import pytest

from tasks.core.errors import TooLittleDataError
from tasks.evaluation.splits.protocols import split
from tasks.evaluation.splits.temporal import temporal
from tests.evaluation.splits.made_up import SCHEMA, random_ratings


def rated_at(*times, user=1):
    """One user's ratings of items 0, 1, 2 ... at these times."""
    rows = [(user, item, 3.0, time) for item, time in enumerate(times)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def sizes(*times):
    made = temporal(rated_at(*times))
    return made.train.height, made.held_out.height


@pytest.mark.parametrize("data", range(20))
def test_train_lies_strictly_before_all_that_is_held_out(data):
    ratings = random_ratings(data)
    made = temporal(ratings)
    assert max(made.train["timestamp"].to_list()) < min(made.held_out["timestamp"].to_list())
    assert abs(made.train.height / ratings.height - 0.75) < 0.05


def test_the_moment_has_nearest_to_three_quarters_before_it():
    assert sizes(1, 2, 3, 4, 5, 6, 7, 8) == (6, 2)
    assert sizes(1, 2, 3, 3, 3, 3, 3, 3) == (2, 6)
    assert sizes(1, 1, 1, 1, 1, 1, 1, 2) == (7, 1)
    assert sizes(1, 1, 1, 1, 2, 2, 2, 2) == (4, 4)
    assert sizes(1, 1, 1, 1, 1, 2, 2, 3) == (5, 3)


def test_times_before_1970_are_times_too():
    assert sizes(-40, -30, -20, 10) == (3, 1)


def test_users_on_one_side_only_are_not_tested_but_counted():
    early, late = rated_at(1, 2, 3, 4, user=2), rated_at(9, user=3)
    made = temporal(pl.concat([rated_at(1, 2, 8), early, late]))
    assert made.users.to_list() == [1]
    assert made.skipped == {"users with nothing in train": 1, "users with nothing held out": 1}
    assert set(made.held_out["user"]) == {1, 3}


def test_items_that_appear_later_stay_held_out():
    made = temporal(rated_at(1, 2, 3, 4))
    assert made.held_out["item"].to_list() == [3]
    assert 3 not in made.train["item"]


def test_ratings_without_timestamps_are_refused():
    with pytest.raises(TooLittleDataError, match=r"has no timestamps\..*other than 'temporal'"):
        temporal(rated_at(None, None, None))


def test_a_single_missing_timestamp_is_refused_and_counted():
    with pytest.raises(TooLittleDataError, match="1 of the data set's 3 ratings"):
        temporal(rated_at(1, 2, None))


def test_one_moment_for_all_ratings_leaves_nothing_to_learn_from():
    with pytest.raises(TooLittleDataError, match="nobody to test"):
        split(rated_at(5, 5, 5), "temporal", 0, 3)
