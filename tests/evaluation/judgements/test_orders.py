import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import read_table, write_table
from tasks.evaluation.judgements.orders import (
    THEIR_BASE,
    columns_of,
    first_of,
    measure_orders_stage,
    with_order,
)
from tasks.evaluation.judgements.truth import HeldOutOf
from tasks.evaluation.stages import Split

PEOPLE, ITEMS, FIRST = 80, 20, 15


def places(scores: np.ndarray) -> pl.DataFrame:
    """The pairs with similarities by their scores (people x items), as ranks give them."""
    rank = (-scores).argsort(axis=1).argsort(axis=1)
    return pl.DataFrame(
        {
            "user": np.repeat(np.arange(PEOPLE), ITEMS),
            "item": np.tile(np.arange(ITEMS), PEOPLE),
            "similarity": (1 - rank / ITEMS).ravel(),
        }
    )


def measured(home) -> pl.DataFrame:
    """Of what somebody likes our order knows one half, a judge the other, another nothing."""
    rng = np.random.default_rng(0)
    ours, theirs, noise, base = rng.normal(size=(4, PEOPLE, ITEMS))
    liked = ours + theirs > 1.2
    pairs = places(base)
    held = pairs.filter(pl.Series(liked.ravel())).select(
        "user", "item", pl.lit(5.0).alias("rating")
    )
    probability = pl.Series(1 / (1 + np.exp(-ours.ravel())))
    write = lambda kind, table: write_table(home, kind, table)  # noqa: E731
    split = Split(
        train=write("train", pairs.head(1)),
        train_users=PEOPLE,
        held_out=write("held_out", held),
        users=write("users", held.select("user").unique().sort("user")),
        new_items=None,
        skipped={},
    )
    items = pl.DataFrame(
        {"item": range(ITEMS), "genres": pl.Series([None] * ITEMS, dtype=pl.String)}
    )
    counts = pl.DataFrame({"item": range(ITEMS), "count": range(ITEMS)})
    made = measure_orders_stage.fn(
        home,
        base=write("recorded", pairs),
        judges={
            "knows": write("recorded", places(theirs)),
            "guesses": write("recorded", places(noise)),
        },
        first=FIRST,
        ranked=write("ranked", pairs.select("user", "item", score=probability)),
        held_out=HeldOutOf(
            split=split,
            items=write("items", items),
            counts=write("counts", counts),
            relevant_at=4.0,
            seed=0,
        ),
    )
    return read_table(home, made).filter(metric="NDCG@10")


def test_a_judge_who_knows_something_adds_it_and_one_who_guesses_does_not(tmp_path):
    rows = measured(tmp_path)
    adds = {row["judge"]: row for row in rows.filter(against="learned").iter_rows(named=True)}
    assert adds["knows"]["low"] > 0.05
    assert adds["guesses"]["high"] < 0.05
    alone = dict(rows.filter(pl.col("against").is_null()).select("list", "value").iter_rows())
    assert alone["learned + knows"] > alone["learned"] > alone["their base order"]
    assert {"most popular", "knows", "guesses", "learned + their base order + knows"} <= set(alone)


def test_the_head_of_a_list_is_its_first_items_by_place():
    order = pl.DataFrame(
        {"user": [1] * 4, "item": [7, 5, 6, 8], "similarity": [0.25, 1, 0.75, 0.5]}
    )
    head = first_of(order, 3)
    assert head.select("user", "item").rows() == [(1, 5), (1, 6), (1, 8)]
    assert head[THEIR_BASE].to_list() == pytest.approx([0, -np.log(2), -np.log(3)])


def test_what_an_order_left_out_comes_after_all_that_it_placed():
    pairs = pl.DataFrame({"user": [1, 1, 1, 2], "item": [5, 6, 7, 5]})
    order = pl.DataFrame({"user": [1, 1], "item": [6, 5], "similarity": [1.0, 0.5]})
    table = with_order(pairs, "m", order)
    score, place = (table[name].to_list() for name in columns_of("m"))
    assert score == [0.5, 1.0, 0.0, 0.0]
    assert place == pytest.approx([-np.log(2), 0, -np.log(3), 0])
