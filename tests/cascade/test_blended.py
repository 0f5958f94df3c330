"""Lists whose heads were judged: permutations, with probabilities that still add up."""

import numpy as np
import polars as pl
import pytest

from tasks.cascade.blend import blended_probabilities, fit_blend
from tasks.cascade.blended import JUDGED_TO_FIT, blended_lists
from tasks.cascade.heads import drawn
from tests.cascade.made_up import SIZE, heads

EVERYBODY = heads(1, people=300, knows=1.0)
BLEND = fit_blend(drawn(EVERYBODY, 100, 0).filter("fitting"))
HEAD = 20


def lists() -> pl.DataFrame:
    return (
        EVERYBODY.head(SIZE * 5)
        .select(
            *("user", "item", "rank", "score"),
            pl.lit(None, pl.Float64).alias("similarity"),
            pl.col("rank").cast(pl.Int32).alias("base_rank"),
            pl.lit("close to what you rated; often rated lately").alias("reasons"),
        )
        .with_columns(pl.col("rank").cast(pl.Int32))
    )


def judged(people: int = 4) -> pl.DataFrame:
    return EVERYBODY.head(SIZE * people).filter(pl.col("rank") <= HEAD)


def test_the_blend_weighs_a_judgement_that_is_right_and_the_learned_order() -> None:
    assert BLEND.learned > 0.5 and BLEND.judged > 0.3
    assert (BLEND.people, BLEND.hits) == (
        100,
        drawn(EVERYBODY, 100, 0).filter("fitting")["held_out"].sum(),
    )


def test_a_list_stays_a_permutation_and_its_tail_stays_behind() -> None:
    before, after = lists(), blended_lists(lists(), judged(), BLEND)
    assert after.columns == before.columns
    assert (
        after.select("user", "item")
        .sort("user", "item")
        .equals(before.select("user", "item").sort("user", "item"))
    )
    for (user,), mine in after.group_by("user", maintain_order=True):
        assert mine["rank"].to_list() == list(range(1, SIZE + 1))
        assert mine["score"].is_sorted(descending=True)
        old = before.filter(user=user)
        assert mine["item"][HEAD:].to_list() == old["item"][HEAD:].to_list()
        assert mine["item"].equals(old["item"]) == (user == 4), "only who was not asked about stays"
    assert after["similarity"].count() == 4 * HEAD


def test_a_person_expects_as_many_hits_as_before() -> None:
    asked = judged()
    likely = blended_probabilities(asked, BLEND.logits(asked))
    sums = (
        asked.with_columns(likely=pl.Series(likely))
        .group_by("user")
        .agg(pl.col("likely").sum(), pl.col("score").sum())
    )
    assert sums["likely"].to_list() == pytest.approx(sums["score"].to_list())


def test_without_a_judgement_the_order_is_the_learned_one() -> None:
    silent = judged().with_columns(pl.lit(None, pl.Float64).alias("similarity"))
    assert blended_lists(lists(), silent, BLEND)["item"].equals(lists()["item"])
    assert blended_lists(lists(), silent.clear(), BLEND).equals(lists())
    constant = judged().with_columns(pl.lit(0.7).alias("similarity"))
    flat = fit_blend(drawn(EVERYBODY, 100, 0).with_columns(pl.lit(0.7).alias("similarity")))
    assert np.allclose(flat.added(constant), 0.0)


def test_what_the_judgement_moved_up_says_so_beside_the_strongest_other_reason() -> None:
    after = blended_lists(lists(), judged(), BLEND)
    moved = after.join(lists(), on=["user", "item"], suffix=" before")
    told = moved.filter(pl.col("reasons").str.starts_with(JUDGED_TO_FIT))
    assert told.height > 0 and (told["rank"] < told["rank before"]).all()
    assert set(told["reasons"]) == {f"{JUDGED_TO_FIT}; close to what you rated"}
    others = moved.join(told, on=["user", "item"], how="anti")
    assert (others["reasons"] == others["reasons before"]).all()
    down = others.filter(pl.col("rank") > pl.col("rank before"))
    assert down.height
