import math

import numpy as np
import polars as pl
import pytest

from tasks.core.vocabulary import KS
from tasks.evaluation.accuracy import ACCURACY
from tasks.evaluation.beyond import ALL_LISTS, PER_LIST
from tasks.evaluation.measures import GroundTruth, overall, per_user
from tests.evaluation.catalogues import catalogue_from

ITEMS = pl.DataFrame({"item": range(1, 41), "genres": [f"G{n % 3}" for n in range(40)]})
TRAIN = pl.DataFrame({"user": [n % 9 for n in range(60)], "item": [n % 40 + 1 for n in range(60)]})
HELD_OUT = pl.DataFrame(
    {
        "user": [1, 1, 2, 3, 4],
        "item": [1, 2, 1, 1, 30],
        "rating": [5.0, 2.0, 3.0, 4.0, 5.0],
    }
)
"""User 1 liked one of two, 2 liked nothing, 3 has no candidates, 4's item is far down the list."""


def ranked():
    """Lists of 30: base_rank has the items in order of their ids, rank turns that round."""
    rows = [(user, item, item, 31 - item) for user in (1, 2, 4, 7) for item in range(1, 31)]
    frame = pl.DataFrame(rows, schema=["user", "item", "base_rank", "rank"], orient="row")
    return frame.sample(fraction=1.0, shuffle=True, seed=3)


def truth(held_out=HELD_OUT, genres=ITEMS):
    users = held_out["user"].unique().sort()
    return GroundTruth(held_out, users, 4.0, catalogue_from(genres, TRAIN))


def measured(column="base_rank", ks=KS):
    return per_user(ranked(), column, truth(), 30, ks)


def test_a_column_per_metric_and_k_and_a_row_per_user_who_counts():
    table = measured()
    metrics = [*ACCURACY, *("cHR" if name == "HR" else f"{name} liked" for name in ACCURACY)]
    expected = [f"{name}@{k}" for name in [*metrics, *PER_LIST] for k in KS]
    assert table.columns == ["user", *expected, "candidate recall@30"]
    assert table["user"].to_list() == [1, 2, 3, 4]
    assert set(table.drop("user").dtypes) == {pl.Float64()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HR@1", [1, 1, 0, 0]),
        ("HR@20", [1, 1, 0, 0]),
        ("ARHR@10", [1, 1, 0, 0]),
        ("NDCG@5", [1, 1, 0, 0]),
        ("Precision@5", [2 / 5, 1 / 5, 0, 0]),
        ("Recall@1", [1 / 2, 1, 0, 0]),
        ("MAP@1", [1, 1, 0, 0]),
        ("MAP/n@1", [1 / 2, 1, 0, 0]),
        ("cHR@1", [1, None, 0, 0]),
        ("Recall liked@1", [1, None, 0, 0]),
        ("MAP/n liked@1", [1, None, 0, 0]),
        ("Precision liked@5", [1 / 5, None, 0, 0]),
        ("candidate recall@30", [1, 1, 0, 1]),
        ("diversity@1", [None, None, None, None]),
        ("diversity@5", [0.8, 0.8, None, 0.8]),
        ("popularity share@20", [0.2, 0.2, None, 0.2]),
    ],
)
def test_values_by_hand(name, expected):
    assert measured()[name].to_list() == pytest.approx(expected)


def test_the_other_column_measures_the_other_list():
    table = measured("rank")
    assert table["HR@1"].to_list() == [0, 0, 0, 1]
    assert table["ARHR@20"].to_list() == [0, 0, 0, 1]
    assert table["candidate recall@30"].to_list() == [1, 1, 0, 1]


def test_users_without_anything_liked_do_not_count_in_the_mean_of_what_is_liked():
    table = measured()
    assert table["cHR@5"].mean() == pytest.approx(1 / 3)
    assert table["HR@5"].mean() == pytest.approx(2 / 4)


def test_any_ks_can_be_asked_for():
    table = measured(ks=(3, 40))
    assert [name for name in table.columns if name.startswith("Precision@")] == [
        "Precision@3",
        "Precision@40",
    ]
    assert table["Precision@40"].to_list() == [2 / 40, 1 / 40, 0, 1 / 40]


def test_without_any_candidates_everybody_counts_with_zero():
    table = per_user(ranked().clear(), "rank", truth(), 30)
    assert table["NDCG@10"].to_list() == [0, 0, 0, 0]
    assert table["candidate recall@30"].to_list() == [0, 0, 0, 0]
    assert table["novelty@10"].null_count() == 4


def test_numbers_over_all_lists_see_only_the_users_who_count():
    found = overall(ranked(), "base_rank", truth(), (1, 20))
    assert list(found) == [f"{name}@{k}" for name in ALL_LISTS for k in (1, 20)]
    assert found["coverage@1"] == 1 / 40
    assert found["coverage@20"] == 20 / 40
    assert found["Gini@1"] == pytest.approx(1)
    only_seven = ranked().filter(user=7)
    assert overall(only_seven, "rank", truth())["coverage@20"] == 0
    assert math.isnan(overall(only_seven, "rank", truth())["Gini@20"])


@pytest.mark.parametrize("seed", range(3))
def test_hits_and_ndcg_with_one_held_out_item_follow_from_its_place(seed):
    random = np.random.default_rng(seed)
    lists = pl.concat(
        pl.DataFrame({"user": user, "item": random.permutation(40) + 1}).with_columns(
            rank=pl.int_range(1, 41)
        )
        for user in range(12)
    )
    held_out = pl.DataFrame(
        {"user": range(12), "item": 7, "rating": random.integers(1, 6, 12) * 1.0}
    )
    places = lists.filter(item=7).sort("user")["rank"].to_list()
    table = per_user(lists, "rank", truth(held_out), 40)
    near = [place <= 10 for place in places]
    gains = [near * 1 / math.log2(place + 1) for near, place in zip(near, places, strict=True)]
    assert table["HR@10"].to_list() == near
    assert table["NDCG@10"].to_list() == pytest.approx(gains)
    liked = [stars >= 4 for stars in held_out["rating"]]
    assert table["cHR@10"].to_list() == [
        float(hit) if likes else None for hit, likes in zip(near, liked, strict=True)
    ]


def test_ids_may_be_text():
    def text(frame):
        return frame.with_columns(pl.col("^user|item$").cast(pl.String))

    held_out = text(HELD_OUT)
    known = catalogue_from(text(ITEMS), text(TRAIN))
    stick = GroundTruth(held_out, held_out["user"].unique().sort(), 4.0, known)
    table = per_user(text(ranked()), "base_rank", stick, 30)
    others = pl.exclude("user", "^popularity share.*$")  # its ties are settled by the order of ids
    assert table.select(others).equals(measured().select(others))
