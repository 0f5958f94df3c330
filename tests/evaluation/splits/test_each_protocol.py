from itertools import pairwise

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.evaluation.splits.protocols import split
from tasks.evaluation.splits.windows import DAY, window_of
from tests.evaluation.splits.made_up import (
    ITEMS,
    SCHEMA,
    USERS,
    parted,
    random_ratings,
    ratings_of,
    shares,
)

SEEDS = pytest.mark.parametrize("seed", range(8))


# loo


@pytest.mark.parametrize("seed", range(5))
def test_one_rating_of_every_user_is_held_out_and_the_rest_is_train(seed):
    ratings = random_ratings()
    made = parted("loo", ratings, seed)
    assert made.held_out["user"].to_list() == made.users.to_list() == USERS.to_list()
    assert_frame_equal(pl.concat([made.train, made.held_out]), ratings, check_row_order=False)
    assert made.train.join(made.held_out, on=["user", "item"], how="semi").is_empty()


def test_a_user_with_a_single_rating_keeps_it():
    made = parted("loo", ratings_of((1, 5), (2, 5), (2, 6)), 0)
    assert made.held_out["user"].to_list() == made.users.to_list() == [2]
    assert made.train.filter(user=1).height == made.train.filter(user=2).height == 1


def test_every_rating_of_a_user_can_be_the_one_held_out():
    ratings = ratings_of(*((1, item) for item in (1, 2, 3, 4)))
    chosen = {parted("loo", ratings, seed).held_out["item"][0] for seed in range(60)}
    assert chosen == {1, 2, 3, 4}


@pytest.mark.parametrize(
    ("seed", "items"), [(0, [6, 4, 5, 5, 3, 4, 3, 4]), (7, [2, 2, 5, 2, 4, 5, 6, 2])]
)
def test_a_seed_draws_what_it_drew_in_results_already_published(seed, items):
    ratings = ratings_of(*((user, item) for user in range(1, 9) for item in range(1, 7)))
    assert parted("loo", ratings, seed).held_out["item"].to_list() == items


@pytest.mark.parametrize("seed", range(5))
def test_those_who_have_but_one_are_counted(seed):
    made = parted("loo", random_ratings(seed, fewest=1, most=3), seed)
    assert made.skipped == {"users with nothing held out": len(USERS) - len(made.users)}


# split


@pytest.mark.parametrize("seed", range(5))
def test_each_item_keeps_three_quarters_of_its_ratings(seed):
    ratings = random_ratings(seed, fewest=1, most=6)
    for n, held in shares(ratings, parted("split", ratings, seed).held_out, "item"):
        assert n - held == round(0.75 * n)


def test_items_rated_once_or_twice_stay_in_train_and_are_counted():
    ratings = ratings_of((1, 1), (1, 2), (2, 2), *((user, 3) for user in range(8)))
    made = parted("split", ratings, 0)
    assert set(made.held_out["item"]) == {3}
    assert made.skipped["ratings of items rated once or twice"] == 3


@pytest.mark.parametrize("seed", range(5))
def test_users_without_ratings_on_both_sides_are_counted(seed):
    """Two of eight lose their rating of item 1; all but users 0 and 1 then have nothing left."""
    made = parted("split", ratings_of(*((user, 1) for user in range(8)), (0, 2), (1, 2)), seed)
    losers = set(made.held_out["user"])
    assert set(made.users) == losers & {0, 1}
    assert made.skipped.get("users with nothing in train", 0) == len(losers - {0, 1})
    assert made.skipped["users with nothing held out"] == 6


def test_movielens_latest_small_is_parted_as_the_paper_says(shared):
    table = pl.read_csv(shared / "ml-latest-small" / "ratings.csv")
    ratings = table.rename({"userId": "user", "movieId": "item"}).sort("user", "item")
    made = parted("split", ratings, 0)
    once = ratings.filter(pl.len().over("item") == 1)
    assert once.height == 3446
    assert once.join(made.train, on=["user", "item"], how="semi").height == 3446
    assert made.skipped["ratings of items rated once or twice"] == 3446 + 2 * 1298


# user-split


@pytest.mark.parametrize("seed", range(5))
def test_each_user_keeps_three_quarters_of_their_ratings(seed):
    ratings = random_ratings(seed, fewest=1)
    for n, held in shares(ratings, parted("user-split", ratings, seed).held_out, "user"):
        assert n - held == round(0.75 * n) >= 1


def test_users_with_one_rating_or_two_keep_them_and_are_not_tested():
    pairs = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]
    made = parted("user-split", ratings_of(*pairs), 0)
    assert made.users.to_list() == [3]
    assert made.train["user"].to_list() == [1, 2, 2, 3, 3]
    assert made.skipped == {"users with nothing held out": 2}


# user-temporal


@pytest.mark.parametrize("seed", range(5))
def test_each_user_keeps_the_oldest_three_quarters(seed):
    ratings = random_ratings(seed, fewest=1)
    made = parted("user-temporal", ratings)
    for n, held in shares(ratings, made.held_out, "user"):
        assert n - held == round(0.75 * n) >= 1
    for user in made.users:
        old, new = (side.filter(user=user) for side in (made.train, made.held_out))
        oldest_first = [(row["timestamp"], row["item"]) for row in old.iter_rows(named=True)]
        assert max(oldest_first) < min(zip(new["timestamp"], new["item"], strict=True))


def test_equal_times_go_by_item_id_however_the_rows_lie():
    rows = [(1, item, 3.0, time) for item, time in ((9, 1), (4, 2), (7, 2), (2, 2))]
    for order in (rows, rows[::-1]):
        made = parted("user-temporal", pl.DataFrame(order, schema=SCHEMA, orient="row"))
        assert made.train["item"].to_list() == [2, 4, 9] and made.held_out["item"].to_list() == [7]


def test_per_user_what_others_did_later_stays_in_train():
    late = rated_at(91, 92, 93, 94, user=2)
    made = parted("user-temporal", pl.concat([rated_at(1, 2, 3, 4), late]))
    assert made.users.to_list() == [1, 2]
    assert made.held_out["timestamp"].to_list() == [4, 94]
    assert made.train["timestamp"].to_list() == [1, 2, 3, 91, 92, 93]


def test_those_too_few_ratings_to_part_are_counted_per_user():
    made = parted("user-temporal", pl.concat([rated_at(1, 2, 3), rated_at(5, 6, user=2)]))
    assert made.users.to_list() == [1] and made.held_out["item"].to_list() == [2]
    assert made.skipped == {"users with nothing held out": 1}


# temporal


def rated_at(*times, user=1):
    """One user's ratings of items 0, 1, 2 ... at these times."""
    rows = [(user, item, 3.0, time) for item, time in enumerate(times)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def sizes(*times):
    made = parted("temporal", rated_at(*times))
    return made.train.height, made.held_out.height


@pytest.mark.parametrize("data", range(20))
def test_train_lies_strictly_before_all_that_is_held_out(data):
    ratings = random_ratings(data)
    made = parted("temporal", ratings)
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
    made = parted("temporal", pl.concat([rated_at(1, 2, 8), early, late]))
    assert made.users.to_list() == [1]
    assert made.skipped == {"users with nothing in train": 1, "users with nothing held out": 1}
    assert set(made.held_out["user"]) == {1, 3}


def test_items_that_appear_later_stay_held_out():
    made = parted("temporal", rated_at(1, 2, 3, 4))
    assert made.held_out["item"].to_list() == [3]
    assert 3 not in made.train["item"]


@pytest.mark.parametrize("protocol", ["user-temporal", "temporal", "horizon"])
@pytest.mark.parametrize("times", [(None, None, None), (1, 2, None), (5, 5, 5)])
def test_without_times_that_differ_nothing_is_parted(protocol, times):
    with pytest.raises(TooLittleDataError, match=r"nobody can say which"):
        parted(protocol, rated_at(*times))


# horizon


def windowed(days, *rated, end=None):
    """What `horizon` makes of (user, item, day) ratings, of a window of so many days."""
    rows = [(user, item, 3.0, day * DAY) for user, item, day in rated]
    ratings = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    window = window_of(ratings, end, days)
    return split(ratings, "horizon", 0, 3, window)


def test_the_newest_days_are_held_out_and_what_was_before_them_is_train():
    made = windowed(2, (1, 1, 0), (1, 2, 7), (1, 3, 8), (2, 1, 6), (2, 2, 9), (1, 4, 9))
    assert made.train.select("user", "item").rows() == [(1, 1), (1, 2), (2, 1)]
    assert made.held_out.select("user", "item").rows() == [(1, 3), (1, 4), (2, 2)]
    assert made.users.to_list() == [1, 2] and not made.skipped


def test_what_came_after_the_window_is_on_neither_side_and_counted():
    made = windowed(2, (1, 1, 0), (1, 2, 5), (1, 3, 6), (1, 4, 7), end=7 * DAY)
    assert made.train["item"].to_list() == [1] and made.held_out["item"].to_list() == [2, 3]
    assert made.skipped == {"ratings after the window": 1}


def test_a_newcomer_of_the_window_is_not_tested_but_counted():
    made = windowed(2, (1, 1, 0), (1, 2, 9), (2, 1, 9))
    assert made.users.to_list() == [1]
    assert made.skipped == {"users with nothing in train": 1}


# cold-user


def kept(made):
    """The (user, item) pairs of test users in train."""
    mine = made.train.filter(pl.col("user").is_in(made.users.implode()))
    return set(mine.select("user", "item").iter_rows())


@SEEDS
def test_test_users_and_what_is_held_out_are_the_same_for_every_keep(seed):
    first, *others = (parted("cold-user", random_ratings(seed), seed, keep) for keep in range(6))
    for other in others:
        assert other.users.equals(first.users)
        assert_frame_equal(other.held_out, first.held_out)


@SEEDS
def test_what_fewer_kept_ratings_are_more_kept_ratings_are_too(seed):
    made = [parted("cold-user", random_ratings(seed), seed, keep) for keep in range(6)]
    for fewer, more in pairwise(made):
        assert kept(fewer) < kept(more)


@SEEDS
@pytest.mark.parametrize("keep", range(6))
def test_each_test_user_keeps_so_many_and_the_rest_up_to_five_is_set_aside(seed, keep):
    ratings = random_ratings(seed)
    made = parted("cold-user", ratings, seed, keep)
    for user in made.users:
        assert made.train.filter(user=user).height == keep
        assert made.held_out.filter(user=user).height == ratings.filter(user=user).height - 5
    aside = made.skipped.get("ratings of test users set aside", 0)
    assert aside == (5 - keep) * len(made.users)


@SEEDS
def test_a_fifth_of_those_with_ten_ratings_are_tested_and_nobody_else_loses_any(seed):
    ratings = random_ratings(seed)
    made = parted("cold-user", ratings, seed, 3)
    able = set(ratings.filter(pl.len().over("user") >= 10)["user"])
    assert set(made.users) <= able
    assert len(made.users) == round(len(able) / 5)
    assert made.skipped["users with fewer than 10 ratings"] == 30 - len(able)
    others = ~pl.col("user").is_in(made.users.implode())
    left = made.train.filter(others)
    assert_frame_equal(left, ratings.filter(others), check_row_order=False)


def test_ten_ratings_are_enough_and_nine_are_not():
    ten, nine = ([(user, item) for item in range(n)] for user, n in ((1, 10), (2, 9)))
    made = parted("cold-user", ratings_of(*ten, *nine), 0, 3)
    assert made.users.to_list() == [1]
    assert made.held_out.height == 5


def test_everyone_can_be_tested_and_every_rating_kept():
    ratings = ratings_of(*((user, item) for user in range(5) for item in range(10)))
    pairs = set().union(*(kept(parted("cold-user", ratings, seed, 1)) for seed in range(600)))
    assert pairs == set(ratings.select("user", "item").iter_rows())


@pytest.mark.parametrize("keep", [-1, 6])
def test_a_keep_out_of_range_is_refused(keep):
    with pytest.raises(SettingsError, match=f"0 to 5 ratings, not {keep}"):
        parted("cold-user", random_ratings(), 0, keep)


# cold-item


def new_items(made):
    assert made.new_items is not None
    return made.new_items


@SEEDS
def test_new_items_lose_every_train_rating_and_others_none(seed):
    ratings = random_ratings(seed)
    made = parted("cold-item", ratings, seed)
    new = pl.col("item").is_in(new_items(made).implode())
    assert_frame_equal(made.held_out, ratings.filter(new), check_row_order=False)
    assert_frame_equal(made.train, ratings.filter(~new), check_row_order=False)


@SEEDS
def test_a_tenth_of_the_rated_items_are_new(seed):
    ratings = random_ratings(seed)
    new = new_items(parted("cold-item", ratings, seed)).to_list()
    assert new == sorted(set(new) & set(ratings["item"]))
    assert len(new) == round(ratings["item"].n_unique() / 10) == round(len(ITEMS) / 10)


def test_one_item_is_new_where_there_are_few():
    made = parted("cold-item", ratings_of((1, 1), (1, 2), (2, 1), (2, 2)), 0)
    assert len(new_items(made)) == 1
    assert made.users.to_list() == [1, 2]


def test_users_who_rated_no_new_item_or_nothing_else_are_not_tested_but_counted():
    for seed in range(20):
        made = parted("cold-item", ratings_of((1, 1), (1, 2), (2, 1), (3, 2)), seed)
        assert made.users.to_list() == [1]
        assert made.skipped == {"users with nothing in train": 1, "users with nothing held out": 1}


def test_every_item_can_be_new():
    ratings = random_ratings()
    new = {item for seed in range(100) for item in new_items(parted("cold-item", ratings, seed))}
    assert new == set(ratings["item"])
