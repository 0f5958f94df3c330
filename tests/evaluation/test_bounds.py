import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.evaluation.bounds import bound

pairs = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 9)), min_size=1, max_size=24, unique=True
)


def candidates(rows):
    """(user, item) with base ranks in the order of the rows."""
    frame = pl.DataFrame(list(rows), schema=["user", "item"], orient="row")
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("user")
    return frame.with_columns(place.alias("base_rank"), pl.lit(0.5).alias("similarity"))


def held_out(rows):
    return pl.DataFrame(list(rows), schema={"user": pl.Int64, "item": pl.Int64}, orient="row")


@pytest.mark.parametrize("name", ["random", "oracle"])
@settings(deadline=None, max_examples=30)
@given(rows=pairs, held=pairs, seed=st.integers(0, 5))
def test_a_bound_permutes_each_users_candidates(name, rows, held, seed):
    given_ones = candidates(rows)
    made = bound(given_ones, held_out(held), name, seed)
    assert made.columns == [*given_ones.columns, "score", "rank"]
    kept = made.drop("score", "rank").sort("user", "item")
    assert kept.equals(given_ones.sort("user", "item"))
    for mine in made.partition_by("user"):
        assert mine["rank"].to_list() == list(range(1, mine.height + 1))


@settings(deadline=None, max_examples=30)
@given(rows=pairs, held=pairs)
def test_the_oracle_puts_what_was_held_out_first_and_keeps_the_base_order_within(rows, held):
    made = bound(candidates(rows), held_out(held), "oracle", 0)
    for (user,), mine in made.group_by("user"):
        theirs = {item for owner, item in held if owner == user}
        order = [
            (item not in theirs, place) for item, place in mine.select("item", "base_rank").rows()
        ]
        assert order == sorted(order)


def test_a_random_order_is_its_seeds_whatever_the_order_of_the_rows():
    rows = [(user, item) for user in (1, 2) for item in range(1, 21)]
    lists, nothing = candidates(rows), held_out([])
    one = bound(lists, nothing, "random", 1)
    shuffled = lists.sample(fraction=1.0, shuffle=True, seed=5)
    assert one.equals(bound(shuffled, nothing, "random", 1))
    assert not one["item"].equals(bound(lists, nothing, "random", 2)["item"])
    first, second = (one.filter(user=user)["item"].to_list() for user in (1, 2))
    assert first != second


def test_a_random_order_sees_nothing_that_is_held_out():
    lists = candidates([(1, item) for item in range(1, 21)])
    assert bound(lists, held_out([(1, 7)]), "random", 1).equals(
        bound(lists, held_out([]), "random", 1)
    )


def test_in_a_random_order_every_place_is_as_likely():
    lists = candidates([(user, item) for user in range(1, 2001) for item in range(1, 6)])
    made = bound(lists, held_out([]), "random", 0)
    counts = made.group_by("base_rank", "rank").len()["len"].cast(pl.Int64).to_numpy()
    assert len(counts) == 25
    assert np.abs(counts - 400).max() < 5 * np.sqrt(400 * 0.8)
