from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl

from tasks.core.artifacts import write_table
from tasks.store.housekeeping.kept import COLUMNS, Keep, kept_of, kept_runs, named_in
from tasks.store.warehouse import database_file, publish
from tests.store.rows import a_run
from tests.store.test_warehouse import OLDER

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def a_night(home, run_id, days_ago, **more):
    started = NOW.replace(tzinfo=None) - timedelta(days=days_ago)
    row = a_run(run_id)["runs"].with_columns(
        started_at_utc=started,
        finished_at_utc=started + timedelta(hours=1),
        **{name: pl.lit(value) for name, value in more.items()},
    )
    publish(home, {"runs": row})


def runs(*rows):
    table = pl.DataFrame(rows, schema=["run_id", "method", "days_ago"], orient="row")
    times = NOW.replace(tzinfo=None) - pl.duration(days=pl.col("days_ago"))
    more = {name: pl.lit(None, COLUMNS[name]) for name in ("flow", "dataset", "state")}
    timed = table.with_columns(started_at_utc=times, finished_at_utc=times, **more)
    return timed.drop("days_ago")


def test_the_newest_runs_of_each_method_are_kept_and_old_ones_not():
    made = runs(("a1", "a", 1), ("a2", "a", 2), ("a3", "a", 3), ("b1", "b", 20), ("c1", "c", 40))
    kept = kept_runs(made, 2, NOW - timedelta(days=30))
    assert sorted(kept["run_id"]) == ["a1", "a2", "b1"]


def test_the_last_run_is_kept_however_old_it_is():
    kept = kept_runs(runs(("a1", "a", 100), ("a2", "a", 200)), 2, NOW - timedelta(days=30))
    assert kept["run_id"].to_list() == ["a1"]


def test_what_was_used_since_the_oldest_kept_run_began_stays(tmp_path):
    for days_ago in (3, 5, 7):
        a_night(tmp_path, f"run-{days_ago}", days_ago)
    kept = kept_of(tmp_path, Keep(runs=2), NOW)
    assert (kept.runs, kept.since) == (2, NOW - timedelta(days=5))


def test_what_is_young_stays_whatever_is_kept(tmp_path):
    a_night(tmp_path, "run-1", 0.5)
    assert kept_of(tmp_path, Keep(min_age=2), NOW).since == NOW - timedelta(days=2)
    assert kept_of(tmp_path, Keep(min_age=0), NOW).since == NOW - timedelta(days=0.5)


def test_a_home_without_runs_keeps_what_was_used_in_the_last_days(tmp_path):
    assert kept_of(tmp_path, Keep(days=9), NOW).since == NOW - timedelta(days=9)


def test_what_a_kept_runs_state_names_stays(tmp_path):
    state, old = (write_table(tmp_path, kind, pl.DataFrame({"n": [1]})) for kind in "so")
    a_night(tmp_path, "run-1", 1, state=f'{{"deep": [{{"lists": {state.model_dump_json()}}}]}}')
    a_night(tmp_path, "run-0", 2, state=old.model_dump_json())
    assert kept_of(tmp_path, Keep(runs=1), NOW).named == {state.path}


def test_names_are_found_in_json_within_json():
    assert named_in(
        [r'{"result": "{\"path\": \"artifacts/a b/0123456789abcdef01234567.npz\"}"}']
    ) == {"artifacts/a b/0123456789abcdef01234567.npz"}


def test_a_file_of_before_methods_and_states_can_be_read(tmp_path):
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute(OLDER)
    assert kept_of(tmp_path, Keep(), NOW).runs == 0
