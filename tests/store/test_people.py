"""What is known of the people of a night's page: bounded, of tonight, and gone with their lists."""

import polars as pl
import pytest

from tasks.store import people
from tasks.store.people import favourite_rows, shown_people, taste_rows
from tasks.store.query import query
from tasks.store.warehouse import publish
from tests.store.rows import a_run

ITEMS = pl.DataFrame(
    {
        "item": [10, 20, 30],
        "title": ["Ten", "Twenty", "Thirty"],
        "year": [1999, None, 2001],
        "genres": ["Action|Crime", None, "Drama"],
        "description": ["", "", ""],
    }
)


def lists(*users):
    return pl.LazyFrame({"user": [*users, *users]})


def test_the_first_people_are_those_that_the_page_takes(monkeypatch):
    monkeypatch.setattr(people, "SHOWN", 3)
    assert shown_people(lists(30, 4, 200, 1)).to_list() == [1, 4, 30]
    texts = shown_people(lists("b", "30", "4", "a"))
    assert texts.to_list() == ["30", "4", "a"], "numbers before texts, as numbers; then sorted"


def test_favourites_are_the_highest_rated_and_of_equal_ones_the_latest():
    rows = [(1, 10, 4.0, 7), (1, 20, 5.0, 7), (1, 30, 4.0, 9), (2, 10, 1.0, 7), (3, 10, 5.0, 7)]
    ratings = pl.DataFrame(rows, schema=["user", "item", "rating", "timestamp"], orient="row")
    found = favourite_rows("run-1", pl.Series([1, 2]), ratings, ITEMS)
    assert found.select("user", "rank", "item", "title", "genres", "rating").rows() == [
        ("1", 1, "20", "Twenty", None, 5.0),
        ("1", 2, "30", "Thirty", "Drama", 4.0),
        ("1", 3, "10", "Ten", "Action|Crime", 4.0),
        ("2", 1, "10", "Ten", "Action|Crime", 1.0),
    ]
    assert set(found["run_id"]) == {"run-1"}


def test_what_was_typed_is_kept_where_it_says_anything_and_of_shown_people_alone():
    typed = pl.DataFrame(
        {
            "user": [1, 2, 3],
            "text": ["no horror", " ", "zombies"],
            "taste_weight": [0.5, None, None],
        }
    )
    assert taste_rows("run-1", pl.Series([1, 2]), typed).rows() == [
        ("run-1", "1", "no horror", 0.5)
    ]


@pytest.mark.parametrize("kept", [1, 2])
def test_what_is_known_of_people_stays_as_long_as_their_lists(tmp_path, kept):
    for number in range(3):
        run_id = f"run-{number}"
        known = pl.DataFrame({"run_id": [run_id], "user": ["1"]})
        favourite = known.with_columns(
            rank=pl.lit(1, pl.Int32), item=pl.lit("10"), title=pl.lit("Ten"), rating=5.0
        )
        taste = known.with_columns(taste=pl.lit("zombies"))
        publish(
            tmp_path,
            a_run(run_id) | {"favourites": favourite, "tastes": taste},
            keep_nights=kept,
        )
    there = [f"run-{number}" for number in range(3 - kept, 3)]
    for table in ("ranked_items", "favourites", "tastes"):
        runs = query(tmp_path, f"SELECT DISTINCT run_id FROM {table} ORDER BY 1")["run_id"]
        assert runs.to_list() == there, table
