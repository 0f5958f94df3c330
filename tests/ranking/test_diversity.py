import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from tasks.ranking.diversity import diversify

quickly = settings(deadline=None, max_examples=40)
WORLD = 12
lists = st.lists(st.permutations(range(WORLD)).map(lambda p: p[: 3 + p[0] % 9]), max_size=4)
dials = st.sampled_from([0.0, 0.1, 0.5, 1.0])


def made_up(seed=0):
    """Unit vectors of the items of WORLD, some of them alike."""
    vectors = np.random.default_rng(seed).normal(size=(WORLD, 5)) + 0.5
    vectors[1] = vectors[0]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def ranked(orders):
    """Each user's items in their order, base ranks the other way around."""
    rows = [
        (user, item, len(mine) + 1 - place, 1 / place, place)
        for user, mine in enumerate(orders)
        for place, item in enumerate(mine, start=1)
    ]
    kinds = {"user": pl.Int64, "item": pl.Int64, "base_rank": pl.Int32, "score": pl.Float64}
    return pl.DataFrame(rows, schema=kinds | {"rank": pl.Int32}, orient="row")


def spread_out(orders, diversity, places=4, vectors=None):
    vectors = made_up() if vectors is None else vectors
    return diversify(ranked(orders), pl.Series(range(len(vectors))), vectors, diversity, places)


def order(orders, *given, **more):
    made = spread_out(orders, *given, **more)
    return [mine["item"].to_list() for _, mine in made.group_by("user", maintain_order=True)]


def looped(mine, vectors, spread, diversity, places):
    """The formula, one candidate at a time."""
    count = len(mine)
    worth = {x: norm.ppf(1 - (r - 0.375) / (count + 0.25)) for r, x in enumerate(mine, start=1)}
    chosen: list[int] = []
    left = list(mine)

    def gain(x):
        alike = max((vectors[x] @ vectors[y] for y in chosen), default=0.0) / spread
        return (1 - diversity) * worth[x] - diversity * alike

    while left and len(chosen) < places:
        chosen.append(left[0] if not chosen else max(left, key=gain))
        left.remove(chosen[-1])
    return chosen + left


def test_a_double_of_the_first_makes_way_for_something_else():
    vectors = np.eye(3, dtype=np.float32)[[0, 0, 1, 2]]
    assert order([[0, 1, 2, 3]], 0.0, vectors=vectors) == [[0, 1, 2, 3]]
    assert order([[0, 1, 2, 3]], 0.5, vectors=vectors) == [[0, 2, 3, 1]]
    assert order([[0, 1, 2, 3]], 0.5, 2, vectors=vectors) == [[0, 2, 1, 3]]


@quickly
@given(lists, dials, st.integers(1, 14))
@example([[0, 1, 2], [2, 1, 3, 4, 0]], 1.0, 2)  # 0 and 1 are doubles
def test_places_are_chosen_as_the_formula_says(orders, diversity, places):
    vectors = made_up()
    used = sorted({item for mine in orders for item in mine})
    cosines = (vectors[used] @ vectors[used].T)[~np.eye(len(used), dtype=bool)]
    found = order(orders, diversity, places)
    assert found == [looped(mine, vectors, cosines.std(), diversity, places) for mine in orders]


@quickly
@given(lists, dials, st.integers(1, 14))
def test_lists_stay_permutations_and_nothing_but_the_rank_changes(orders, diversity, places):
    before, after = ranked(orders), spread_out(orders, diversity, places)
    assert after.schema == before.schema
    pair = ["user", "item"]
    assert after.drop("rank").sort(pair).equals(before.drop("rank").sort(pair))
    for user, mine in enumerate(orders):
        assert after.filter(user=user)["rank"].to_list() == list(range(1, len(mine) + 1))


@quickly
@given(lists, dials)
def test_what_is_not_chosen_keeps_its_order(orders, diversity):
    for mine, found in zip(orders, order(orders, diversity, 3), strict=True):
        assert found[3:] == [item for item in mine if item not in found[:3]]
        assert found[0] == mine[0]


@quickly
@given(lists, dials)
def test_more_places_do_not_change_those_before_them(orders, diversity):
    few, many = order(orders, diversity, 3), order(orders, diversity, 9)
    assert [mine[:3] for mine in few] == [mine[:3] for mine in many]


def test_the_dial_at_one_asks_only_how_unlike_items_are():
    angles = np.radians([0, 5, 40, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert order([[0, 1, 2, 3]], 1.0, vectors=vectors) == [[0, 3, 2, 1]]


@pytest.mark.parametrize("turned", [1.0, 1e-6, 1e6])
def test_scores_of_any_scale_give_the_same_order(turned):
    table = ranked([[3, 1, 4, 0, 5, 9, 2, 6]])
    scaled = table.with_columns(pl.col("score") * turned).sample(fraction=1, shuffle=True, seed=1)
    items = pl.Series(range(WORLD))
    found = diversify(scaled, items, made_up(), 0.5, 5)
    assert found["item"].equals(diversify(table, items, made_up(), 0.5, 5)["item"])


def test_items_may_be_named_by_text_and_vectors_be_of_more_items_than_are_listed():
    names = pl.Series([f"item {n:02}" for n in range(WORLD)])
    orders = [[7, 2, 0, 1], [1, 0, 2, 5]]
    table = ranked(orders).with_columns(
        pl.format("item {}", pl.col("item").cast(pl.String).str.zfill(2)).alias("item")
    )
    found = diversify(table, names, made_up(), 0.5, 4)["item"].str.tail(2).cast(pl.Int64)
    first, second = order(orders, 0.5)
    assert found.to_list() == [*first, *second]


def test_items_that_are_all_alike_keep_their_order():
    vectors = np.ones((4, 1), dtype=np.float32)
    assert order([[2, 0, 3, 1]], 0.5, vectors=vectors) == [[2, 0, 3, 1]]
