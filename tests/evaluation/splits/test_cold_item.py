import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.evaluation.splits.cold_item import cold_item
from tests.evaluation.splits.made_up import ITEMS, random_ratings, ratings_of

SEEDS = pytest.mark.parametrize("seed", range(8))


def new_items(made):
    assert made.new_items is not None
    return made.new_items


@SEEDS
def test_new_items_lose_every_train_rating_and_others_none(seed):
    ratings = random_ratings(seed)
    made = cold_item(ratings, seed)
    new = pl.col("item").is_in(new_items(made).implode())
    assert_frame_equal(made.held_out, ratings.filter(new), check_row_order=False)
    assert_frame_equal(made.train, ratings.filter(~new), check_row_order=False)


@SEEDS
def test_a_tenth_of_the_rated_items_are_new(seed):
    ratings = random_ratings(seed)
    new = new_items(cold_item(ratings, seed)).to_list()
    assert new == sorted(set(new) & set(ratings["item"]))
    assert len(new) == round(ratings["item"].n_unique() / 10) == round(len(ITEMS) / 10)


def test_one_item_is_new_where_there_are_few():
    made = cold_item(ratings_of((1, 1), (1, 2), (2, 1), (2, 2)), 0)
    assert len(new_items(made)) == 1
    assert made.users.to_list() == [1, 2]


def test_users_who_rated_no_new_item_or_nothing_else_are_not_tested_but_counted():
    for seed in range(20):
        made = cold_item(ratings_of((1, 1), (1, 2), (2, 1), (3, 2)), seed)
        assert made.users.to_list() == [1]
        assert made.skipped == {"users with nothing in train": 1, "users with nothing held out": 1}


def test_every_item_can_be_new():
    ratings = random_ratings()
    new = {item for seed in range(100) for item in new_items(cold_item(ratings, seed))}
    assert new == set(ratings["item"])
