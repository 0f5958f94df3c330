import polars as pl
import pytest

from tasks.evaluation.examples import WINNERS, list_examples

TOP = 2
TITLES = ["Ten", "Eleven", "Twelve", "Thirteen"]
ITEMS = pl.DataFrame({"item": [10, 11, 12, 13], "title": TITLES, "year": [1990, None, 1992, 1993]})
COLUMNS = ["user", "gain", "item", "title", "year", "base_rank", "rank", "held_out", "reasons"]


def ranked(users):
    """Four candidates each; re-ranking puts the last one first."""
    rows = [
        (user, item, place, place % 4 + 1)
        for user in users
        for place, item in enumerate(ITEMS["item"], 1)
    ]
    return pl.DataFrame(rows, schema=["user", "item", "base_rank", "rank"], orient="row")


def values_of(gains, metric=f"NDCG@{TOP}"):
    """Both lists' values, from an NDCG of a half."""
    base = [("base", user, 0.5) for user in gains]
    reranked = [("reranked", u, None if gain is None else 0.5 + gain) for u, gain in gains.items()]
    return pl.DataFrame([*base, *reranked], schema=["list", "user", metric], orient="row")


def examples(gains, *held, reasons=None, top=TOP, values=None):
    lists = ranked(gains)
    if reasons:
        lists = lists.with_columns(pl.format(reasons, "item").alias("reasons"))
    table = values_of(gains) if values is None else values
    held_out = pl.DataFrame(
        list(held), schema={"user": pl.Int64, "item": pl.Int64}, orient="row"
    ).with_columns(rating=3.0)
    made = list_examples(lists.lazy(), table, held_out, ITEMS, top)
    assert made.columns == COLUMNS
    return made


def users(made):
    return made["user"].unique(maintain_order=True).to_list()


def test_both_lists_of_who_gained_and_who_lost_and_what_they_rated():
    made = examples({1: -0.5, 2: 0.25, 3: 0.0, 4: None}, (1, 10), (2, 12), (3, 13))
    assert made.select("user", "gain", "title", "base_rank", "rank", "held_out").rows() == [
        (2, 0.25, "Thirteen", 4, 1, False),
        (2, 0.25, "Ten", 1, 2, False),
        (2, 0.25, "Eleven", 2, 3, False),
        (1, -0.5, "Thirteen", 4, 1, False),
        (1, -0.5, "Ten", 1, 2, True),
        (1, -0.5, "Eleven", 2, 3, False),
    ]
    assert made.row(0, named=True)["year"] == 1993


def test_reasons_are_those_of_the_lists_where_they_have_any():
    made = examples({1: -0.5}, reasons="like {}")
    assert made["reasons"].to_list() == ["like 13", "like 10", "like 11"]
    without = examples({1: -0.5})["reasons"]
    assert without.dtype == pl.String and without.null_count() == 3


def test_everybody_who_lost_is_there_and_of_those_who_gained_the_ten_with_the_most():
    many = range(1, 3 * WINNERS)
    assert users(examples({user: 0.1 for user in many} | {99: 0.2})) == [99, *range(1, WINNERS)]
    assert users(examples({user: -user / 100 for user in many})) == list(many)


def test_what_another_user_rated_is_not_held_out_of_ones_own():
    assert not examples({1: -0.5}, (2, 10), (2, 13))["held_out"].any()


def test_where_nobody_gained_or_lost_there_are_none():
    assert examples({1: 0.0, 2: None}, (1, 10)).is_empty()


@pytest.mark.parametrize(("top", "items"), [(2, []), (1, [13, 10])])
def test_the_gain_is_at_the_length_of_the_list(top, items):
    table = values_of({1: 0.0}).join(values_of({1: -0.5}, "NDCG@1"), on=["list", "user"])
    assert examples({1: 0.0}, (1, 10), top=top, values=table)["item"].to_list() == items
