import os
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tasks.core.artifacts import note_work, write_table
from tasks.store.housekeeping.kept import Kept
from tasks.store.housekeeping.sweep import leftovers, remove

NOW = datetime.now(UTC)
SINCE = NOW - timedelta(days=3)
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
