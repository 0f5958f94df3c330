import duckdb
import polars as pl
import pytest

from tasks.core.errors import StoreError
from tasks.report.night.read import latest_night, read_night
from tasks.store.warehouse import database_file, publish
from tests.report.night.rows import ANight
from tests.store.rows import a_run


def history(home, run_id):
    return [row["run_id"] for row in read_night(home, run_id).history]


def test_nights_before_are_those_of_the_same_data_set_and_method(tmp_path):
    same = [ANight(day=day, method="m") for day in (1, 2, 5)]
    others = [
        ANight(day=3, method="other"),
        ANight(day=4, method="m", dataset="jokes"),
        ANight(day=6, flow="evaluate", method="m"),
    ]
    for night in (*same, *others):
        night.publish(tmp_path)
    assert history(tmp_path, same[1].run_id) == [one.run_id for one in same[:2]]
    assert history(tmp_path, same[2].run_id) == [one.run_id for one in same]
    assert latest_night(tmp_path) == same[2].run_id


def test_where_a_row_names_no_method_its_parts_must_be_the_same(tmp_path):
    old = ANight(day=1).publish(tmp_path)
    ANight(day=2, reranker="weighted").publish(tmp_path)
    tonight = ANight(day=3, method="m")
    tonight.publish(tmp_path)
    assert history(old, tonight.run_id) == ["20260101-030000-aaaaaa", tonight.run_id]


def test_old_rows_with_nulls_can_be_read(tmp_path):
    publish(tmp_path, a_run("run-1"))
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute("UPDATE runs SET status = NULL")
    night = read_night(tmp_path, "run-1")
    assert night.run["status"] == "complete" and night.before is None
    assert night.lists["reranked_rank"].to_list() == night.lists["rank"].to_list()


def test_lists_stand_in_the_order_of_ids_that_are_numbers(tmp_path):
    night = ANight(users=13)
    users = read_night(night.publish(tmp_path), night.run_id).lists["user"]
    assert users.unique(maintain_order=True).to_list() == [str(n) for n in range(1, 13)]


def test_a_file_of_an_earlier_version_says_how_it_is_brought_up_to_date(tmp_path):
    publish(tmp_path, a_run("run-1"))
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute("DROP TABLE guard")
    with pytest.raises(StoreError, match=r"without guard.*brings the file up to date"):
        read_night(tmp_path, "run-1")


def test_without_a_night_there_is_no_latest(tmp_path):
    night = {"runs": a_run("run-1")["runs"].with_columns(flow=pl.lit("evaluate"))}
    publish(tmp_path, night)
    with pytest.raises(StoreError, match="no night yet"):
        latest_night(tmp_path)
