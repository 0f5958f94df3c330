import polars as pl

from tasks.store.nights import last_night
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.store.test_warehouse import write_old


def test_without_a_night_that_can_be_read_there_is_none(tmp_path):
    assert last_night(tmp_path, "m") is None
    row = a_run("run-1")["runs"].with_columns(method=pl.lit("m"), state=pl.lit('{"of": "old"}'))
    publish(tmp_path, {"runs": row})
    assert last_night(tmp_path, "m") is None and last_night(tmp_path, "other") is None


def test_an_old_file_has_no_night_to_build_on(tmp_path):
    write_old(tmp_path, "run-1")
    assert last_night(tmp_path, "m") is None
