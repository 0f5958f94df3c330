import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.evaluation.splits import leave_one_out
from tasks.evaluation.splits.loo import loo
from tests.evaluation.splits.made_up import USERS, random_ratings, ratings_of


@pytest.mark.parametrize("seed", range(5))
def test_one_rating_of_every_user_is_held_out_and_the_rest_is_train(seed):
    ratings = random_ratings()
    train, held = leave_one_out(ratings, USERS, seed)
    assert held["user"].to_list() == USERS.to_list()
    assert_frame_equal(pl.concat([train, held]), ratings, check_row_order=False)
    assert train.join(held, on=["user", "item"], how="semi").is_empty()


def test_a_user_with_a_single_rating_keeps_it():
    train, held = leave_one_out(ratings_of((1, 5), (2, 5), (2, 6)), pl.Series("user", [1, 2]), 0)
    assert held["user"].to_list() == [2]
    assert train.filter(user=1).height == train.filter(user=2).height == 1


def test_only_the_given_users_lose_a_rating():
    ratings, some = random_ratings(), pl.Series("user", [4, 9, 25])
    train, held = leave_one_out(ratings, some, 0)
    assert held["user"].to_list() == [4, 9, 25]
    others = ~pl.col("user").is_in(some.implode())
    assert_frame_equal(train.filter(others), ratings.filter(others), check_row_order=False)


def test_the_same_seed_holds_out_the_same_whatever_the_row_order():
    first = leave_one_out(random_ratings(), USERS, 5)
    again = leave_one_out(random_ratings().reverse(), USERS.reverse(), 5)
    assert_frame_equal(first[0], again[0])
    assert_frame_equal(first[1], again[1])


def test_another_seed_holds_out_others():
    _, first = leave_one_out(random_ratings(), USERS, 1)
    _, second = leave_one_out(random_ratings(), USERS, 2)
    assert not first.equals(second)


def test_every_rating_of_a_user_can_be_the_one_held_out():
    ratings = ratings_of(*((1, item) for item in (1, 2, 3, 4)))
    one = pl.Series("user", [1])
    chosen = {leave_one_out(ratings, one, seed)[1]["item"][0] for seed in range(60)}
    assert chosen == {1, 2, 3, 4}


def test_train_and_held_out_are_sorted():
    for part in leave_one_out(random_ratings(), USERS, 0):
        assert part.rows() == part.sort("user", "item").rows()


@pytest.mark.parametrize(
    ("seed", "items"), [(0, [6, 4, 5, 5, 3, 4, 3, 4]), (7, [2, 2, 5, 2, 4, 5, 6, 2])]
)
def test_a_seed_draws_what_it_drew_in_results_already_published(seed, items):
    ratings = ratings_of(*((user, item) for user in range(1, 9) for item in range(1, 7)))
    assert loo(ratings, seed).held_out["item"].to_list() == items


@pytest.mark.parametrize("seed", range(5))
def test_the_protocol_leaves_one_out_for_every_user_and_counts_those_who_have_but_one(seed):
    ratings = random_ratings(seed, fewest=1, most=3)
    train, held = leave_one_out(ratings, USERS, seed)
    made = loo(ratings, seed)
    assert_frame_equal(made.train, train)
    assert_frame_equal(made.held_out, held)
    assert made.users.to_list() == held["user"].to_list()
    assert made.skipped == {"users with nothing held out": len(USERS) - len(made.users)}
