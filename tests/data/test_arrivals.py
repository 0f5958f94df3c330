"""Ratings that arrive as further files beside the first."""

import polars as pl
import pytest

from tasks.core.errors import BadDataError
from tasks.data import catalogue
from tests.data.conftest import GENERIC, MOVIELENS

HEADER = "user,item,rating,timestamp\n"


def test_later_files_add_and_correct_whatever_their_order_in_time(ingested):
    arrived = {
        "ratings/2026-11-01.csv": HEADER + "3,20,2,400\n1,10,1.5,500\n",
        "ratings/2026-11-02.csv": HEADER + "2,10,1,250\n3,10,4,50\n",
        "ratings/notes.txt": "not ratings",
    }
    dataset, tables = ingested(GENERIC | arrived)
    assert tables["ratings"].rows() == [
        (1, 10, 1.5, 500),
        (1, 20, 3.5, 200),
        (2, 10, 5.0, 300),
        (3, 10, 4.0, 50),
        (3, 20, 2.0, 400),
    ], "corrected, untouched, older than what is known, late, new"
    assert dataset.dropped["ratings dropped: the same user rated the same item later"] >= 2


def test_without_times_the_later_file_counts(ingested):
    plain = {
        "ratings.csv": "user,item,rating\n1,10,4\n",
        "ratings/a.csv": "user,item,rating\n1,10,2\n",
    }
    _, tables = ingested(GENERIC | plain)
    assert tables["ratings"]["rating"].to_list() == [2.0]


def test_parquet_may_follow_a_csv(ingested):
    more = pl.DataFrame({"user": [7], "item": [20], "rating": [3.0], "timestamp": [900]})
    _, tables = ingested(GENERIC | {"ratings/more.parquet": more})
    assert (7, 20, 3.0, 900) in tables["ratings"].rows()


def test_movielens_folders_take_them_too(ingested):
    more = "userId,movieId,rating,timestamp\n999,10,5.0,900\n"
    _, tables = ingested(MOVIELENS | {"ratings/more.csv": more})
    assert (999, 10, 5.0, 900) in tables["ratings"].rows()


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        (HEADER + "3,20,2,400\n4,20,lots,1\n", 3, "rating"),
        ("user,item,rating\n3,20,2\n", None, "timestamp"),
    ],
    ids=["a wrong value", "no time, where the first file has it"],
)
def test_what_is_wrong_names_the_later_file_and_its_own_row(ingested, text, row, column):
    with pytest.raises(BadDataError) as caught:
        ingested(GENERIC | {"ratings/a.csv": HEADER + "3,20,2,400\n", "ratings/b.csv": text})
    assert caught.value.file.name == "b.csv"
    assert (caught.value.row, caught.value.column) == (row, column)


def test_one_more_file_is_other_content(folder_of, home):
    folder = folder_of(GENERIC)
    before = catalogue.find(str(folder), home).fingerprint()
    (folder / "ratings").mkdir()
    (folder / "ratings" / "a.csv").write_text(HEADER + "3,20,2,400\n", encoding="utf-8")
    assert catalogue.find(str(folder), home).fingerprint() != before
