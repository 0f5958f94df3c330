import os
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pytest

from tasks.core.artifacts import note_work, write_table
from tasks.store.housekeeping import (
    COLUMNS,
    Kept,
    Retention,
    kept_of,
    kept_runs,
    leftovers,
    named_in,
    remove,
)
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
    kept = kept_of(tmp_path, Retention(runs=2), NOW)
    assert (kept.runs, kept.since) == (2, NOW - timedelta(days=5))


def test_what_is_young_stays_whatever_is_kept(tmp_path):
    a_night(tmp_path, "run-1", 0.5)
    assert kept_of(tmp_path, Retention(min_age=2), NOW).since == NOW - timedelta(days=2)
    assert kept_of(tmp_path, Retention(min_age=0), NOW).since == NOW - timedelta(days=0.5)


def test_a_home_without_runs_keeps_what_was_used_in_the_last_days(tmp_path):
    assert kept_of(tmp_path, Retention(days=9), NOW).since == NOW - timedelta(days=9)


def test_what_a_kept_runs_state_names_stays(tmp_path):
    state, old = (write_table(tmp_path, kind, pl.DataFrame({"n": [1]})) for kind in "so")
    a_night(tmp_path, "run-1", 1, state=f'{{"deep": [{{"lists": {state.model_dump_json()}}}]}}')
    a_night(tmp_path, "run-0", 2, state=old.model_dump_json())
    assert kept_of(tmp_path, Retention(runs=1), NOW).named == {state.path}


def test_names_are_found_in_json_within_json():
    assert named_in(
        [r'{"result": "{\"path\": \"artifacts/a b/0123456789abcdef01234567.npz\"}"}']
    ) == {"artifacts/a b/0123456789abcdef01234567.npz"}


def test_a_file_of_before_methods_and_states_can_be_read(tmp_path):
    with duckdb.connect(database_file(tmp_path)) as database:
        database.execute(OLDER)
    assert kept_of(tmp_path, Retention(), NOW).runs == 0


TODAY = datetime.now(UTC)
SINCE = TODAY - timedelta(days=3)
SACRED = ("palate.duckdb", "ledger.sqlite", "embeddings.sqlite", "reports/night.html")


def kept(*named):
    return Kept(runs=1, named=frozenset(named), since=SINCE, young=SINCE)


def age(*files):
    for file in files:
        os.utime(file, times=((SINCE - timedelta(days=1)).timestamp(),) * 2)


@pytest.fixture
def home(tmp_path):
    """One old and one new file of each kind, and what must never go, which is old."""
    for name in SACRED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("paid for")
        age(tmp_path / name)
    return tmp_path


def artifact(home, number, *, old=True):
    made = write_table(home, "candidates", pl.DataFrame({"n": [number]}))
    note_work(home, made, 1.0)
    if old:
        age(made.at(home), home / "work-seconds" / f"{made.at(home).stem}.txt")
    return made


def result(home, name, names, *, old):
    file = home / "results" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(names.model_dump_json())
    if old:
        age(file)
    return file


def swept(home, *named):
    return sorted(str(one.path.relative_to(home)) for one in leftovers(home, kept(*named)))


def test_what_nothing_has_used_goes_with_the_note_of_what_it_took(home):
    gone, _young = artifact(home, 1), artifact(home, 2, old=False)
    assert swept(home) == [gone.path, f"work-seconds/{gone.at(home).stem}.txt"]


def test_an_old_file_stays_that_a_kept_run_or_a_used_result_names(home):
    named, used, unused = artifact(home, 1), artifact(home, 2), artifact(home, 3)
    result(home, "used", used, old=False)
    stale = result(home, "unused", unused, old=True)
    work = f"work-seconds/{unused.at(home).stem}.txt"
    assert swept(home, named.path) == sorted([unused.path, str(stale.relative_to(home)), work])


def test_results_go_before_the_files_they_name(home):
    unused = artifact(home, 1)
    result(home, "unused", unused, old=True)
    kinds = [one.kind for one in leftovers(home, kept())]
    assert kinds == ["results", "artifacts/candidates", "work-seconds"]


def test_what_killed_writers_left_goes_once_it_is_old(home):
    (home / "artifacts" / "ranked").mkdir(parents=True)
    old, new = home / "artifacts" / "ranked" / ".a.tmp", home / ".palate.duckdb.b.tmp"
    top = home / ".palate.duckdb.c.tmp"
    for file in (old, new, top):
        file.write_text("half")
    age(old, top)
    assert swept(home) == sorted([".palate.duckdb.c.tmp", "artifacts/ranked/.a.tmp"])


def test_a_folder_that_a_killed_writer_left_goes_whole_once_it_is_old(home):
    old, new = home / ".spark-a.tmp", home / ".spark-b.tmp"
    for folder in (old, new):
        (folder / "user").mkdir(parents=True)
        (folder / "user" / "part.parquet").write_bytes(b"x" * 100_000)
    age(old)
    (only,) = leftovers(home, kept())
    assert only.path == old and 100_000 < only.bytes < 200_000
    remove([only])
    assert not old.exists() and new.is_dir()


def test_temporary_servers_history_goes_and_its_size_is_told(home):
    (home / "prefect").mkdir()
    (home / "prefect" / "prefect.db").write_bytes(b"x" * 1000)
    (only,) = leftovers(home, kept())
    assert (only.kind, only.bytes) == ("prefect", 1000)


def test_removing_leaves_all_else(home):
    stays = artifact(home, 1, old=False)
    artifact(home, 2)
    remove(leftovers(home, kept()))
    assert swept(home) == [] and stays.at(home).is_file()
    assert all((home / name).is_file() for name in SACRED)
