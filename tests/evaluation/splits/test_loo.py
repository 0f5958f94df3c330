import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.evaluation.splits.loo import loo
from tests.evaluation.splits.made_up import USERS, random_ratings, ratings_of


@pytest.mark.parametrize("seed", range(5))
def test_one_rating_of_every_user_is_held_out_and_the_rest_is_train(seed):
    ratings = random_ratings()
    made = loo(ratings, seed)
    assert made.held_out["user"].to_list() == made.users.to_list() == USERS.to_list()
    assert_frame_equal(pl.concat([made.train, made.held_out]), ratings, check_row_order=False)
    assert made.train.join(made.held_out, on=["user", "item"], how="semi").is_empty()


def test_a_user_with_a_single_rating_keeps_it():
    made = loo(ratings_of((1, 5), (2, 5), (2, 6)), 0)
    assert made.held_out["user"].to_list() == made.users.to_list() == [2]
    assert made.train.filter(user=1).height == made.train.filter(user=2).height == 1


def test_every_rating_of_a_user_can_be_the_one_held_out():
    ratings = ratings_of(*((1, item) for item in (1, 2, 3, 4)))
    chosen = {loo(ratings, seed).held_out["item"][0] for seed in range(60)}
    assert chosen == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("seed", "items"), [(0, [6, 4, 5, 5, 3, 4, 3, 4]), (7, [2, 2, 5, 2, 4, 5, 6, 2])]
)
def test_a_seed_draws_what_it_drew_in_results_already_published(seed, items):
    ratings = ratings_of(*((user, item) for user in range(1, 9) for item in range(1, 7)))
    assert loo(ratings, seed).held_out["item"].to_list() == items


@pytest.mark.parametrize("seed", range(5))
def test_those_who_have_but_one_are_counted(seed):
    made = loo(random_ratings(seed, fewest=1, most=3), seed)
    assert made.skipped == {"users with nothing held out": len(USERS) - len(made.users)}
