import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tasks.evaluation.splits import leave_one_out
from tasks.profiles.favourites import make_profiles
from tasks.reranking.features import add_features
from tasks.scoring.texts import item_texts

USERS = pl.Series("user", range(1, 31))


def random_ratings(seed=0):
    """Between 2 and 12 ratings of each of 30 people, in no particular order."""
    random = np.random.default_rng(seed)
    rows = [
        (user, int(item), float(random.integers(1, 11)) / 2, int(random.integers(0, 10**6)))
        for user in USERS
        for item in random.choice(40, random.integers(2, 13), replace=False) + 1
    ]
    schema = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)


def items_table():
    numbers = pl.int_range(1, 41, eager=True).alias("item")
    return pl.DataFrame(numbers).with_columns(
        title=pl.format("Title {}", "item"),
        year=(1960 + numbers).cast(pl.Int32),
        genres=pl.format("Genre {}", numbers % 5),
        description=pl.format("Story {}.", "item"),
        quality=numbers / 4,
        votes=numbers * 30_000,
    )


def with_other_held_out_ratings(ratings, held):
    """The same pairs at the same places; the held-out ones get another rating and time."""
    there = pl.struct("user", "item").is_in(
        held.select(pl.struct("user", "item")).to_series().implode()
    )
    return ratings.with_columns(
        pl.when(there).then(5.5 - pl.col("rating")).otherwise("rating").alias("rating"),
        pl.when(there).then(10**7).otherwise("timestamp").alias("timestamp"),
    )


@pytest.mark.parametrize("seed", range(5))
def test_one_rating_of_every_user_is_held_out_and_the_rest_is_train(seed):
    ratings = random_ratings()
    train, held = leave_one_out(ratings, USERS, seed)
    assert held["user"].to_list() == USERS.to_list()
    assert_frame_equal(pl.concat([train, held]), ratings, check_row_order=False)
    assert train.join(held, on=["user", "item"], how="semi").is_empty()


def test_a_user_with_a_single_rating_keeps_it():
    ratings = pl.DataFrame({"user": [1, 2, 2], "item": [5, 5, 6], "rating": [3.0, 4.0, 5.0]})
    train, held = leave_one_out(ratings, pl.Series("user", [1, 2]), 0)
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
    ratings = pl.DataFrame({"user": [1] * 4, "item": [1, 2, 3, 4], "rating": [1.0, 2.0, 3.0, 5.0]})
    chosen = {leave_one_out(ratings, USERS, seed)[1]["item"][0] for seed in range(60)}
    assert chosen == {1, 2, 3, 4}


def test_train_and_held_out_are_sorted():
    for part in leave_one_out(random_ratings(), USERS, 0):
        assert part.rows() == part.sort("user", "item").rows()


@pytest.mark.parametrize("seed", range(3))
def test_the_value_of_a_held_out_rating_reaches_nothing(seed):
    ratings = random_ratings()
    train, held = leave_one_out(ratings, USERS, seed)
    other_train, other_held = leave_one_out(with_other_held_out_ratings(ratings, held), USERS, seed)
    assert_frame_equal(other_train, train)
    assert_frame_equal(other_held.select("user", "item"), held.select("user", "item"))
    assert not other_held.equals(held)


def everything_made_of(train):
    """Profiles, texts and features, with tags of every pair there is."""
    everybody = pl.DataFrame(USERS)
    items, pairs = items_table(), everybody.join(items_table().select("item"), how="cross")
    tags = pairs.with_columns(tag=pl.format("{} of {}", "item", "user"))
    scores = pairs.with_columns(similarity=pl.lit(0.5))
    return (
        make_profiles(everybody, train, items, None, "movies", 2026),
        item_texts(items, tags, train),
        add_features(pairs, scores, train, items),
    )


@pytest.mark.parametrize("seed", range(3))
def test_profiles_texts_and_features_do_not_know_what_is_held_out(seed):
    ratings = random_ratings()
    train, held = leave_one_out(ratings, USERS, seed)
    moved = with_other_held_out_ratings(ratings, held)
    other_train, _ = leave_one_out(moved, USERS, seed)
    for made, other in zip(everything_made_of(train), everything_made_of(other_train), strict=True):
        assert_frame_equal(made, other)
    assert not everything_made_of(ratings)[0].equals(everything_made_of(moved)[0])


def test_tags_of_held_out_pairs_reach_no_item_text():
    ratings = random_ratings()
    train, held = leave_one_out(ratings, USERS, 0)
    tags = ratings.select("user", "item", tag=pl.format("<{}>", "user"))
    for user, item in held.select("user", "item").iter_rows():
        mine = tags.filter(item=item, user=user)
        told = item_texts(items_table(), mine, ratings).filter(item=item)["text"][0]
        kept = item_texts(items_table(), mine, train).filter(item=item)["text"][0]
        assert told.endswith(f"Tags: <{user}>.")
        assert "Tags" not in kept
