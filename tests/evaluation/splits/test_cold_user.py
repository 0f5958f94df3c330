from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.errors import SettingsError
from tasks.evaluation.splits.cold_user import cold_user
from tests.evaluation.splits.made_up import random_ratings, ratings_of

SEEDS = pytest.mark.parametrize("seed", range(8))


def kept(made):
    """The (user, item) pairs of test users in train."""
    mine = made.train.filter(pl.col("user").is_in(made.users.implode()))
    return set(mine.select("user", "item").iter_rows())


@SEEDS
def test_test_users_and_what_is_held_out_are_the_same_for_every_keep(seed):
    first, *others = (cold_user(random_ratings(seed), seed, keep) for keep in range(6))
    for other in others:
        assert other.users.equals(first.users)
        assert_frame_equal(other.held_out, first.held_out)


@SEEDS
def test_what_fewer_kept_ratings_are_more_kept_ratings_are_too(seed):
    made = [cold_user(random_ratings(seed), seed, keep) for keep in range(6)]
    for fewer, more in pairwise(made):
        assert kept(fewer) < kept(more)


@SEEDS
@pytest.mark.parametrize("keep", range(6))
def test_each_test_user_keeps_so_many_and_the_rest_up_to_five_is_set_aside(seed, keep):
    ratings = random_ratings(seed)
    made = cold_user(ratings, seed, keep)
    for user in made.users:
        assert made.train.filter(user=user).height == keep
        assert made.held_out.filter(user=user).height == ratings.filter(user=user).height - 5
    aside = made.skipped.get("ratings of test users set aside", 0)
    assert aside == (5 - keep) * len(made.users)


@SEEDS
def test_a_fifth_of_those_with_ten_ratings_are_tested_and_nobody_else_loses_any(seed):
    ratings = random_ratings(seed)
    made = cold_user(ratings, seed, 3)
    able = set(ratings.filter(pl.len().over("user") >= 10)["user"])
    assert set(made.users) <= able
    assert len(made.users) == round(len(able) / 5)
    assert made.skipped["users with fewer than 10 ratings"] == 30 - len(able)
    others = ~pl.col("user").is_in(made.users.implode())
    left = made.train.filter(others)
    assert_frame_equal(left, ratings.filter(others), check_row_order=False)


def test_ten_ratings_are_enough_and_nine_are_not():
    ten, nine = ([(user, item) for item in range(n)] for user, n in ((1, 10), (2, 9)))
    made = cold_user(ratings_of(*ten, *nine), 0, 3)
    assert made.users.to_list() == [1]
    assert made.held_out.height == 5


def test_everyone_can_be_tested_and_every_rating_kept():
    ratings = ratings_of(*((user, item) for user in range(5) for item in range(10)))
    pairs = set().union(*(kept(cold_user(ratings, seed, 1)) for seed in range(600)))
    assert pairs == set(ratings.select("user", "item").iter_rows())


@pytest.mark.parametrize("keep", [-1, 6])
def test_a_keep_out_of_range_is_refused(keep):
    with pytest.raises(SettingsError, match=f"0 to 5 ratings, not {keep}"):
        cold_user(random_ratings(), 0, keep)
