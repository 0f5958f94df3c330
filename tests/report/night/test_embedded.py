import json
import math
from types import SimpleNamespace
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.report.night.embedded import in_script, lists_as_json
from tasks.report.night.read import FAVOURITES, TASTES
from tests.report.night.rows import lists

EXAMPLES = {"gain": pl.Float64, "held_out": pl.Boolean}


def data_of(shown, before=None, liked=None, typed=None):
    shown = shown.with_columns(
        reranked_rank=pl.col("rank"), before=pl.lit(None, pl.Int32), listed_in=pl.lit(before)
    )
    for name in {"why", "genres"} - set(shown.columns):
        shown = shown.with_columns(pl.lit(None, pl.String).alias(name))
    none = shown.head(0).with_columns(
        **{name: pl.lit(None, kind) for name, kind in EXAMPLES.items()}
    )
    night: Any = SimpleNamespace(
        run={"top": 2, "implicit": False},
        before=None,
        lists=shown,
        examples=none,
        favourites=pl.DataFrame(schema=FAVOURITES) if liked is None else liked,
        tastes=pl.DataFrame(typed or [], schema=TASTES, orient="row"),
    )
    return json.loads(lists_as_json(night))


@settings(max_examples=40)
@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_data_comes_back_as_it_was_and_no_character_of_it_means_anything_to_html(data):
    text = in_script(data)
    assert json.loads(text) == data
    assert not set(text) & set("<>&\u2028\u2029") and text.isascii()


def test_an_item_is_named_once_and_each_users_rows_point_to_it():
    shown = lists(users=20, top=2, titles=["Zero"])
    data = data_of(shown)
    assert len(data["items"]) == shown["item"].n_unique() and ["Zero", 1950, None] in data["items"]
    assert [user["id"] for user in data["users"]] == [str(n) for n in range(1, 21)]
    rows = [data["items"][row[0]][0] for user in data["users"] for row in user["rows"]]
    assert rows == shown["title"].to_list()


def test_signals_are_rounded_and_what_is_no_number_is_null():
    shown = lists(users=1, top=2).with_columns(
        estimate=pl.Series([1234.56, 0.000123456, math.nan]),
        similarity=pl.Series([-0.12345, None, math.inf]),
    )
    rows = data_of(shown)["users"][0]["rows"]
    assert [row[6:8] for row in rows] == [[1230.0, -0.12], [0.000123, None], [None, None]]


def test_sentences_why_and_who_made_a_list_come_along_where_there_are_any():
    shown = lists(users=2, top=2)
    whys = pl.Series(["Because.", None, None, None, None, None])
    first, other = data_of(shown.with_columns(why=whys), before="run-1")["users"]
    assert first["why"] == {str(first["rows"][0][0]): "Because."} and first["from"] == "run-1"
    assert "why" not in other
    assert "from" not in data_of(shown)["users"][0]


def test_reasons_are_written_once_and_each_row_points_to_its_own():
    shown = lists(users=20, top=2)
    data = data_of(shown)
    assert sorted(data["reasons"]) == sorted(shown["reasons"].drop_nulls().unique())
    numbers = [row[5] for user in data["users"] for row in user["rows"]]
    texts = [None if number is None else data["reasons"][number] for number in numbers]
    assert texts == shown["reasons"].to_list() and None in texts


def test_favourites_point_to_items_too_and_only_who_typed_something_has_a_taste():
    shown = lists(users=2, top=2, titles=["Zero"])
    rows = [("1", "0", "Zero", "Drama", 1950, 5.0), ("1", "x", "Ex", None, None, 4.5)]
    liked = pl.DataFrame(rows, schema=FAVOURITES, orient="row")
    data = data_of(shown, liked=liked, typed=[("2", "zombies", 0.5)])
    first, other = data["users"]
    titles = [(data["items"][item][0], rating) for item, rating in first["liked"]]
    assert titles == [("Zero", 5.0), ("Ex", 4.5)]
    assert len(data["items"]) == len({item[0] for item in data["items"]}), "each is named once"
    assert other["taste"] == ["zombies", 0.5] and "taste" not in first and "liked" not in other


def test_signals_that_no_item_has_are_left_out():
    gone = ("similarity", "popularity", "date_affinity")
    shown = lists(users=2, top=2).with_columns(
        **{name: pl.lit(None, pl.Float64) for name in gone}, reasons=pl.lit(None, pl.String)
    )
    data = data_of(shown)
    assert data["signals"] == ["estimate", "score"] and data["reasons"] == []
    assert {len(row) for user in data["users"] for row in user["rows"]} == {8}
