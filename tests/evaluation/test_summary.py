import math

import numpy as np
import polars as pl
import pytest

from tasks.evaluation.beyond import ALL_LISTS
from tasks.evaluation.measures import GroundTruth, overall, per_user
from tasks.evaluation.significance import paired, seed_interval
from tasks.evaluation.summary import (
    SUMMARY,
    compare,
    named,
    summarise,
    values_overall,
    values_per_user,
)
from tests.evaluation.catalogues import catalogue_from

ITEMS = pl.DataFrame({"item": range(1, 21), "genres": [f"G{n % 3}" for n in range(20)]})
TRAIN = pl.DataFrame({"user": [1, 2, 3], "item": [18, 19, 20]})
HELD_OUT = pl.DataFrame({"user": [1, 2, 3], "item": [1, 12, 20], "rating": [5.0, 4.5, 1.0]})
KS = (1, 10)


def ranked():
    """12 candidates for users 1 and 2, none for 3; re-ranking turns the lists round."""
    rows = [(user, item, item, 13 - item) for user in (1, 2) for item in range(1, 13)]
    return pl.DataFrame(rows, schema=["user", "item", "base_rank", "rank"], orient="row")


def truth():
    return GroundTruth(HELD_OUT, HELD_OUT["user"], 4.0, catalogue_from(ITEMS, TRAIN))


def frame_of(values, side="base", name="NDCG@10"):
    """One split's values of users 1, 2, ...; None: not defined."""
    column = pl.Series(name, values, pl.Float64)
    users = pl.Series("user", range(1, len(values) + 1))
    return pl.DataFrame([users, column]).select(pl.lit(side).alias("list"), pl.all())


def both(values, reranked=None, name="NDCG@10"):
    return pl.concat(
        [frame_of(values, "base", name), frame_of(reranked or values, "reranked", name)]
    )


def whole(base, reranked=None, name="coverage@10"):
    rows = [("base", name, base), ("reranked", name, base if reranked is None else reranked)]
    return pl.DataFrame(rows, schema=["list", "name", "value"], orient="row")


def summary_of(per_user, overall=(), side="base", seed=0):
    """Metric and k: the row of one list."""
    rows = summarise(per_user, overall or [whole(0.5)] * len(per_user), seed).filter(list=side)
    return {(row["metric"], row["k"]): row for row in rows.to_dicts()}


def test_values_per_user_are_those_of_each_lists_own_order():
    made = values_per_user(ranked(), truth(), 12, KS)
    assert made["list"].to_list() == ["base"] * 3 + ["reranked"] * 3
    for side, column in (("base", "base_rank"), ("reranked", "rank")):
        alone = per_user(ranked(), column, truth(), 12, KS)
        assert made.filter(list=side).drop("list").equals(alone)
    hits = dict(made.group_by("list", maintain_order=True).agg("HR@1").iter_rows())
    assert hits == {"base": [1.0, 0.0, 0.0], "reranked": [0.0, 1.0, 0.0]}


def test_values_of_whole_lists_stand_by_list_and_rating_errors_are_the_base_lists_alone():
    made = values_overall(ranked(), truth(), {"RMSE": 0.9, "R2": math.nan}, KS)
    expected = {f"{name}@{k}" for name in ALL_LISTS for k in KS}
    names = {side: set(made.filter(list=side)["name"]) for side in ("base", "reranked")}
    assert names == {"base": expected | {"RMSE", "R2"}, "reranked": expected}
    values = {(side, name): value for side, name, value in made.iter_rows()}
    assert values["base", "RMSE"] == 0.9 and values["base", "R2"] is None
    alone = overall(ranked(), "rank", truth(), KS)
    assert {name: values["reranked", name] for name in expected} == pytest.approx(alone)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("NDCG@10", ("NDCG", 10)),
        ("MAP/n@1", ("MAP/n", 1)),
        ("candidate recall@100", ("candidate recall", 100)),
        ("NDCG liked@5", ("NDCG liked", 5)),
        ("RMSE", ("RMSE", 0)),
    ],
)
def test_a_name_is_parted_into_metric_and_k(column, expected):
    table = pl.DataFrame({"name": [column]}).select(*named("name"))
    assert table.rows() == [expected]
    assert table.schema == {"metric": pl.String(), "k": pl.Int32()}
    row = summarise([both([1.0, 2.0], name=column)], [whole(0.5)], 0).row(0, named=True)
    assert (row["metric"], row["k"]) == expected


def test_the_mean_is_over_all_users_and_splits_and_the_spread_over_the_splits_means():
    row = summary_of([both([1.0, 0.0, 0.5]), both([1.0, 1.0, None])])["NDCG", 10]
    assert row["mean"] == pytest.approx((1 + 0 + 0.5 + 1 + 1) / 5)
    assert row["sd"] == pytest.approx(np.std([0.5, 1.0], ddof=1))
    assert (row["seeds"], row["users"]) == (2, 3)
    assert row["low"] <= row["mean"] <= row["high"]


def test_a_single_split_has_no_spread_but_an_interval_over_its_users():
    values = np.random.default_rng(0).random(200).tolist()
    row = summary_of([both(values)])["NDCG", 10]
    assert row["sd"] is None and row["seeds"] == 1
    half = 1.96 * np.std(values, ddof=1) / math.sqrt(200)
    assert row["low"] == pytest.approx(np.mean(values) - half, abs=half / 5)
    assert row["high"] == pytest.approx(np.mean(values) + half, abs=half / 5)


def test_both_lists_have_figures_of_their_own():
    splits = [both([1.0, 0.0], [1.0, 1.0]), both([0.0, 0.0], [1.0, 0.0])]
    means = {
        side: summary_of(splits, side=side)["NDCG", 10]["mean"] for side in ("base", "reranked")
    }
    assert means == {"base": 0.25, "reranked": 0.75}


def test_a_metric_that_nobody_has_is_left_out():
    assert ("cHR", 10) not in summary_of([both([None, None], name="cHR@10")])
    assert ("cHR", 10) in summary_of([both([None, 1.0], name="cHR@10")])
    undefined = summary_of([both([1.0])], [whole(None, name="Gini@10")])
    assert ("Gini", 10) not in undefined


def test_a_value_of_whole_lists_has_a_t_interval_over_the_splits_where_it_is_defined():
    values = [0.1, 0.3, None, 0.35]
    row = summary_of([both([1.0])] * 4, [whole(value) for value in values])["coverage", 10]
    mean, sd, low, high = seed_interval([0.1, 0.3, 0.35])
    assert (row["mean"], row["sd"], row["low"], row["high"]) == (mean, sd, low, high)
    assert (row["seeds"], row["users"]) == (3, None)
    single = summary_of([both([1.0])], [whole(0.2)])["coverage", 10]
    assert (single["mean"], single["sd"], single["low"], single["high"]) == (0.2, None, None, None)


def test_the_seed_decides_the_interval_and_nothing_else():
    splits = [both(np.random.default_rng(3).random(20).tolist())]
    one, again, other = (summarise(splits, [whole(0.5)], seed) for seed in (1, 1, 2))
    assert one.equals(again) and dict(one.schema) == SUMMARY
    assert one.drop("low", "high").equals(other.drop("low", "high"))
    assert not one["low"].equals(other["low"])


def plain(values, name="NDCG@10"):
    return frame_of(values, name=name).drop("list")


def test_a_comparison_pairs_users_and_the_splits_of_both():
    ours = {0: plain([1.0, 0.5, 0.5]), 1: plain([1.0, 1.0, None]), 2: plain([9.0, 9.0, 9.0])}
    theirs = {0: plain([0.0, 0.5, 1.0]), 1: plain([0.5, 0.5, 0.5])}
    row = compare(ours, theirs, 0).row(0, named=True)
    assert (row["metric"], row["k"], row["seeds"], row["users"]) == ("NDCG", 10, 2, 3)
    assert row["difference"] == pytest.approx((1 + 0 - 0.5 + 0.5 + 0.5) / 5)
    assert (row["better"], row["worse"]) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    known = paired(ours, theirs, 0).row(0, named=True)
    assert all(row[name] == known[name] for name in ("low", "high", "p_value"))


def test_a_comparison_leaves_out_what_nobody_has_in_both():
    def with_liked(values):
        return plain([1.0, 2.0]).with_columns(pl.Series("cHR@10", values, pl.Float64))

    made = compare({0: with_liked([1.0, None])}, {0: with_liked([None, 1.0])}, 0)
    assert made["metric"].to_list() == ["NDCG"]
    assert made["difference"].to_list() == [0.0]
