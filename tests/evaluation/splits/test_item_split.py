import polars as pl
import pytest

from tasks.evaluation.splits.item_split import item_split
from tests.evaluation.splits.made_up import random_ratings, ratings_of, shares


@pytest.mark.parametrize("seed", range(5))
def test_each_item_keeps_three_quarters_of_its_ratings(seed):
    ratings = random_ratings(seed, fewest=1, most=6)
    for n, held in shares(ratings, item_split(ratings, seed).held_out, "item"):
        assert n - held == round(0.75 * n)


def test_items_rated_once_or_twice_stay_in_train_and_are_counted():
    ratings = ratings_of((1, 1), (1, 2), (2, 2), *((user, 3) for user in range(8)))
    made = item_split(ratings, 0)
    assert set(made.held_out["item"]) == {3}
    assert made.skipped["ratings of items rated once or twice"] == 3


@pytest.mark.parametrize("seed", range(5))
def test_users_without_ratings_on_both_sides_are_counted(seed):
    """Two of eight lose their rating of item 1; all but users 0 and 1 then have nothing left."""
    made = item_split(ratings_of(*((user, 1) for user in range(8)), (0, 2), (1, 2)), seed)
    losers = set(made.held_out["user"])
    assert set(made.users) == losers & {0, 1}
    assert made.skipped.get("users with nothing in train", 0) == len(losers - {0, 1})
    assert made.skipped["users with nothing held out"] == 6


def test_movielens_latest_small_is_parted_as_the_paper_says(shared):
    table = pl.read_csv(shared / "ml-latest-small" / "ratings.csv")
    ratings = table.rename({"userId": "user", "movieId": "item"}).sort("user", "item")
    made = item_split(ratings, 0)
    once = ratings.filter(pl.len().over("item") == 1)
    assert once.height == 3446
    assert once.join(made.train, on=["user", "item"], how="semi").height == 3446
    assert made.skipped["ratings of items rated once or twice"] == 3446 + 2 * 1298
