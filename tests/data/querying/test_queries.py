"""Data sets that are queries, of a file of SQLite."""

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from flows.dataset import read_dataset
from tasks.core.artifacts import read_table
from tasks.core.direct_steps import DirectSteps
from tasks.core.errors import BadDataError, DiskFullError
from tasks.data import catalogue
from tasks.data.querying import rows
from tasks.data.stages import ingest
from tasks.settings.settings import Settings

TOML = """name = "shop"
noun = "book"
data = "sqlite:///shop.db"
scale = [1, 5]

[queries]
ratings = "SELECT uid, sku, stars, at AS ts FROM rated ORDER BY n"
items = "SELECT sku, name, categories FROM sold"
tags = "SELECT uid, sku, 'Slow' AS label FROM rated"
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    made: Path = tmp_path / "shop"
    made.mkdir()
    with closing(sqlite3.connect(made / "shop.db")) as shop:
        shop.execute("CREATE TABLE rated (n INT, uid INT, sku TEXT, stars NUMERIC, at TEXT)")
        shop.execute("CREATE TABLE sold (sku TEXT, name TEXT, categories TEXT)")
        shop.executemany(
            "INSERT INTO rated VALUES (?, ?, ?, ?, ?)",
            [
                (1, 1, "007", 4, None),
                (2, 2, "007", 3.5, "2020-01-01 10:00:00"),
                (3, 1, "x", 5, "2021-01-01 00:00:00"),
            ],
        )
        shop.executemany(
            "INSERT INTO sold VALUES (?, ?, ?)", [("007", "Heat", "Crime"), ("x", "Alien", None)]
        )
        shop.commit()
    (made / "dataset.toml").write_text(TOML)
    return made


def change(folder, old, new):
    text = (folder / "dataset.toml").read_text()
    assert old in text
    (folder / "dataset.toml").write_text(text.replace(old, new))


def execute(folder, statement):
    with closing(sqlite3.connect(folder / "shop.db")) as shop:
        shop.execute(statement)
        shop.commit()


def test_queries_are_read_as_files_are(home, folder):
    dataset = ingest(home, str(folder))
    ratings, items = read_table(home, dataset.ratings), read_table(home, dataset.items)
    assert ratings.rows() == [
        (1, "007", 4.0, None),
        (1, "x", 5.0, 1_609_459_200),
        (2, "007", 3.5, 1_577_872_800),
    ]
    assert items.select("item", "title", "genres").rows() == [
        ("007", "Heat", "Crime"),
        ("x", "Alien", None),
    ]
    assert dataset.tags and read_table(home, dataset.tags)["tag"].unique().to_list() == ["slow"]
    assert dataset.info.name == "shop" and dataset.info.noun == "book"
    assert any("sku -> item, stars -> rating" in remark for remark in dataset.remarks)


def test_a_query_is_read_a_chunk_at_a_time_and_gives_the_same(home, folder, monkeypatch):
    whole = ingest(home, str(folder))
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 1)
    assert ingest(home, str(folder)) == whole


def test_without_an_items_query_items_are_named_by_their_ids(home, folder):
    change(folder, 'items = "SELECT sku, name, categories FROM sold"\n', "")
    dataset = ingest(home, str(folder))
    assert read_table(home, dataset.items)["title"].to_list() == ["book 007", "book x"]
    assert "no items query: items are named by their ids and have no text" in dataset.remarks


def test_each_night_asks_anew_and_the_same_rows_make_nothing_anew(home, folder):
    settings = Settings(home=home, data=str(folder))

    def night() -> tuple[int, list[bool]]:
        steps = DirectSteps(home)
        dataset = read_dataset(steps, settings)
        return dataset.ratings.rows, [record.cached for record in steps.records]

    assert night() == (3, [False])
    assert night() == (3, [True])
    execute(folder, "INSERT INTO rated VALUES (4, 3, 'x', 2, NULL)")
    assert night() == (4, [False])


def test_what_was_read_is_not_asked_for_again(home, folder):
    source = catalogue.find(str(folder), home)
    (folder / "shop.db").unlink()
    again = catalogue.find(str(folder), home, None, source.queried)
    assert again.fingerprint() == source.fingerprint() and again.said == ""
    assert "3 ratings, 2 items, 3 tags read from sqlite:///shop.db in" in source.said


def test_columns_and_rules_are_named_as_for_files(home, folder):
    change(folder, "SELECT uid, sku, stars", "SELECT uid AS who, sku, stars")
    (folder / "exclude.csv").write_text("who,sku\n1,x\n")
    source = catalogue.find(str(folder), home, {"user": "who"})
    assert [file.name for file in source.rules.files] == ["exclude.csv"]
    change(folder, "[queries]", '[columns]\nuser = "who"\n\n[queries]')
    change(folder, "SELECT uid, sku, 'Slow'", "SELECT uid AS who, sku, 'Slow'")
    assert ingest(home, str(folder)).users == 2


def test_files_beside_a_database_are_said_to_be_left_alone(home, folder):
    (folder / "ratings.csv").write_text("user,item,rating\n1,x,5\n")
    (folder / "ratings").mkdir()
    (folder / "ratings" / "more.csv").write_text("user,item,rating\n9,x,5\n")
    dataset = ingest(home, str(folder))
    assert dataset.users == 2
    assert "not read: ratings, ratings.csv, since dataset.toml names a database" in dataset.remarks
    assert ingest(home, str(folder / "ratings.csv")).users == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("FROM sold", "FROM books", r"\[queries\] items: the statement failed \(no such table: bo"),
        ("uid, sku, stars", "sku, stars", r"\[queries\] ratings, column 'user': .*found: sku, st"),
        ("SELECT sku, name", "SELECT sku, sku", r"\[queries\] items: two columns are called 'sku'"),
        ("FROM rated ORDER BY n", "FROM rated WHERE n > 9", "ratings: it gives no rows"),
        ("SELECT uid, sku, 'Slow' AS label FROM rated", "PRAGMA case_sensitive_like", "SELECT"),
        ("SELECT uid, sku, 'Slow' AS label FROM rated", "DELETE FROM rated", "readonly database"),
        ("shop.db", "none.db", "column 'data': sqlite:///none.db cannot be read"),
        ("sqlite:///shop.db", "nosuch://h/shop", "'data': .*driver of this database is not inst"),
        ("sqlite:///shop.db", "shop.db", "column 'data': .*no address of a database"),
        ("sqlite:///shop.db", "postgresql://me:$NO_PW@h/d", r"'data': .*\$NO_PW is not in the env"),
        ("sqlite:///shop.db", "postgresql://me:pa#ss@h/d", "'data': .*password must not stand"),
        ("sqlite:///shop.db", "postgresql://127.0.0.1:1/d", "'data': .*Connect call failed"),
        ("sqlite:///shop.db", "postgresql://127.0.0.1:1/d?no=1", "'data': .*argument 'no'"),
        ("\n[queries]", '\nratings = "a.csv"\n[queries]', "column 'ratings': a file is named besi"),
        ('ratings = "SELECT', 'rating = "SELECT', r"column 'queries.ratings': Field required"),
        ('data = "sqlite:///shop.db"\n', "", "column 'data': there are queries and no database"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_setting(home, folder, old, new, says):
    change(folder, old, new)
    with pytest.raises(BadDataError, match=says) as wrong:
        ingest(home, str(folder))
    said = str(wrong.value)
    assert "\n" not in said and str(folder / "dataset.toml") in said and "pa#ss" not in said
    assert not list(home.rglob(".*"))
    if "no rows" not in said:
        with pytest.raises(BadDataError, match=says):
            catalogue.check_named(str(folder), home, {})


def test_a_database_without_queries_is_refused(home, folder):
    (folder / "dataset.toml").write_text('data = "sqlite:///shop.db"\n')
    with pytest.raises(BadDataError, match="column 'queries': there is a database and no query"):
        ingest(home, str(folder))


def test_a_value_that_is_wrong_is_told_by_its_row(home, folder):
    execute(folder, "INSERT INTO rated VALUES (4, 3, 'x', 'lots', NULL)")
    with pytest.raises(BadDataError, match=r"\[queries\] ratings, row 4, column 'stars': 'lots'"):
        ingest(home, str(folder))


def test_nothing_half_written_stays_where_reading_breaks_off(home, folder, monkeypatch):
    def full(self: pl.LazyFrame, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(pl.LazyFrame, "sink_parquet", full)
        with pytest.raises(DiskFullError):
            ingest(home, str(folder))
    assert not [file for file in home.rglob("*") if file.is_file()]
    assert ingest(home, str(folder)).users == 2
