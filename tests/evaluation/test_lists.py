from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.core.errors import PalateError
from tasks.core.registry import named
from tasks.evaluation.lists import dense_lists

CATALOGUE = pl.Series("item", [10, 20, 30, 40, 50])
USERS = pl.Series("user", [1, 2, 3])
RANKED = pl.DataFrame(
    {
        "user": [2, 1, 1, 1, 9],
        "item": [50, 30, 10, 20, 10],
        "base_rank": [1, 3, 2, 1, 1],
        "rank": [1, 1, 2, 3, 1],
    }
)
HELD_OUT = pl.DataFrame(
    {
        "user": [1, 1, 1, 2, 3, 9],
        "item": [30, 20, 50, 10, 10, 10],
        "rating": [4.0, 2.0, 5.0, 3.5, 4.0, 5.0],
    }
)


def dense(column="rank", depth=4, ranked=RANKED, **how):
    return dense_lists(ranked, HELD_OUT, USERS, column, CATALOGUE, depth, **how)


def test_lists_by_hand():
    lists = dense()
    assert lists.users.to_list() == [1, 2, 3]
    assert lists.items.tolist() == [[2, 0, 1, -1], [4, -1, -1, -1], [-1, -1, -1, -1]]
    assert lists.hits.tolist() == [[True, False, True, False], [False] * 4, [False] * 4]
    assert lists.relevant.tolist() == [3, 1, 1]


def test_the_chosen_column_gives_the_order_and_depth_cuts_it():
    lists = dense("base_rank", depth=2)
    assert lists.items.tolist() == [[1, 0], [4, -1], [-1, -1]]
    assert lists.hits.tolist() == [[True, False], [False, False], [False, False]]
    assert lists.relevant.tolist() == [3, 1, 1]


def test_only_what_is_rated_high_enough_is_relevant_where_that_is_asked():
    lists = dense(relevant_at=4.0)
    assert lists.hits[0].tolist() == [True, False, False, False]
    assert lists.relevant.tolist() == [2, 0, 1]
    assert lists.items.tolist() == dense().items.tolist()


def test_row_order_does_not_matter():
    mixed = dense(ranked=RANKED.reverse())
    assert np.array_equal(mixed.items, dense().items)
    assert np.array_equal(mixed.hits, dense().hits)


def test_ids_may_be_text():
    text = pl.col("user", "item").cast(pl.String)
    ranked, held_out = RANKED.with_columns(text), HELD_OUT.with_columns(text)
    users, catalogue = USERS.cast(pl.String), CATALOGUE.cast(pl.String)
    lists = dense_lists(ranked, held_out, users, "rank", catalogue, 4)
    assert np.array_equal(lists.items, dense().items)
    assert np.array_equal(lists.hits, dense().hits)


def test_without_any_candidates_every_list_is_empty():
    lists = dense(ranked=RANKED.clear())
    assert (lists.items == -1).all()
    assert not lists.hits.any()
    assert lists.relevant.tolist() == [3, 1, 1]


def test_two_items_on_one_place_are_no_list():
    with pytest.raises(PalateError, match=r"'rank' a place is taken twice.*1, 2, 3"):
        dense(ranked=RANKED.with_columns(rank=pl.lit(1)))


def test_an_item_outside_the_catalogue_is_an_error():
    with pytest.raises(PalateError, match="not in the catalogue"):
        dense(ranked=RANKED.with_columns(item=pl.col("item") + 5))


def test_a_registry_keeps_what_is_named_and_leaves_it_as_it_is():
    kept: dict[str, Callable[[int], int]] = {}

    @named(kept, "one more")
    def more(number):
        return number + 1

    assert list(kept) == ["one more"]
    assert kept["one more"](1) == more(1) == 2


def looped(ranked, held_out, users, depth, relevant_at):
    """The same by going through the pairs one by one."""
    items, hits, relevant = [], [], []
    for user in users:
        good = {
            row["item"]
            for row in held_out
            if row["user"] == user and (relevant_at is None or row["rating"] >= relevant_at)
        }
        listed = {row["rank"]: row["item"] for row in ranked if row["user"] == user}
        line = [listed.get(place) for place in range(1, depth + 1)]
        items.append([-1 if item is None else item - 1 for item in line])
        hits.append([item in good for item in line])
        relevant.append(len(good))
    return items, hits, relevant


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([None, 1.0, 3.0, 5.0]))
def test_lists_agree_with_a_loop(seed, depth, relevant_at):
    random = np.random.default_rng(seed)
    ranked, held_out = [], []
    for user in range(6):
        for place, item in enumerate(random.permutation(15)[: random.integers(0, 12)], start=1):
            ranked.append({"user": user, "item": int(item) + 1, "rank": place})
        for item in random.permutation(15)[: random.integers(1, 8)]:
            stars = float(random.integers(1, 6))
            held_out.append({"user": user, "item": int(item) + 1, "rating": stars})
    schema = {"user": pl.Int64, "item": pl.Int64}
    lists = dense_lists(
        pl.DataFrame(ranked, schema=schema | {"rank": pl.Int32}),
        pl.DataFrame(held_out, schema=schema | {"rating": pl.Float64}),
        pl.Series("user", range(5)),
        "rank",
        pl.Series("item", range(1, 16)),
        depth,
        relevant_at,
    )
    items, hits, relevant = looped(ranked, held_out, range(5), depth, relevant_at)
    assert lists.items.tolist() == items
    assert lists.hits.tolist() == hits
    assert lists.relevant.tolist() == relevant
