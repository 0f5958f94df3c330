import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from datetime import UTC, datetime, timedelta

import duckdb
import polars as pl
import pytest
from filelock import FileLock

from flows.doctor.home import (
    check_clock,
    check_ledger,
    check_leftovers,
    check_results,
    check_shared,
    check_space,
    check_writable,
)
from tasks.core.errors import LedgerError, StoreError
from tasks.core.homes import home_of
from tasks.core.lock import in_use
from tasks.core.secrets import Secrets
from tasks.llm.ledger.database import ledger_url
from tasks.settings.settings import Settings
from tasks.store.warehouse import database_file, publish
from tests.store.rows import a_run
from tests.support.s3 import HOME, machine

Usage = namedtuple("Usage", "total used free")


def at(home):
    return Settings(home=home)


def test_a_home_that_can_be_written_to_is_left_as_it_was(tmp_path):
    assert [one.status for one in check_writable(at(tmp_path))] == ["ok"]
    assert list(tmp_path.iterdir()) == []


def test_a_home_to_come_is_not_made(tmp_path):
    assert check_writable(at(tmp_path / "a" / "b"))[0].status == "ok"
    assert check_leftovers(at(tmp_path / "a")) == []
    assert list(tmp_path.iterdir()) == []


def test_a_home_under_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    (finding,) = check_writable(at(tmp_path / "file" / "home"))
    assert finding.status == "fail" and "--home" in finding.fix


@pytest.mark.parametrize(
    ("number", "said"),
    [(28, " is full: "), (5, "cannot be written to (cannot)")],
)
def test_a_disk_that_does_not_sync_fails(tmp_path, monkeypatch, number, said):
    def fail(_descriptor):
        raise OSError(number, "cannot")

    monkeypatch.setattr(os, "fsync", fail)
    (finding,) = check_writable(at(tmp_path))
    assert finding.status == "fail" and said in finding.what
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free", "status"), [(0.5, "fail"), (3, "warn"), (9, "ok")])
def test_little_room_is_told_before_there_is_none(tmp_path, monkeypatch, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, int(free * 2**30)))
    (finding,) = check_space(at(tmp_path / "to-come"))
    assert finding.status == status and (status == "ok" or "palate gc" in finding.fix)


def test_what_killed_commands_left_is_told_once_it_is_old(tmp_path):
    left = tmp_path / ".palate.duckdb.1.tmp"
    left.write_text("half")
    assert [one.check for one in check_leftovers(at(tmp_path))] == ["locks"]
    os.utime(left, times=(0, 0))
    assert "palate gc --apply" in check_leftovers(at(tmp_path))[-1].fix


def test_who_is_at_work_is_told(tmp_path):
    with in_use(tmp_path), FileLock(tmp_path / "palate.duckdb.lock"):
        (busy,) = check_leftovers(at(tmp_path))
    (free,) = check_leftovers(at(tmp_path))
    assert busy.what == "a command is at work; a run is publishing"
    assert "nobody" in free.what and busy.status == free.status == "ok"


@pytest.mark.parametrize(("ahead", "status"), [(0, "ok"), (1, "fail")])
def test_a_clock_behind_the_last_run_is_wrong(tmp_path, ahead, status):
    ended = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=ahead)
    row = a_run("run-1")["runs"].with_columns(finished_at_utc=pl.lit(ended))
    publish(tmp_path, {"runs": row})
    assert [one.status for one in check_clock(at(tmp_path))] == [status]


PASSWORD = "hunter2"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    return tmp_path


def test_before_the_first_night_there_is_nothing_to_find_fault_with(home):
    checked = [*check_results(Settings(home=home)), *check_ledger(Settings(home=home))]
    assert [one.status for one in checked] == ["ok", "ok"] and list(home.iterdir()) == []


def test_results_say_how_many_runs_and_of_which_storage(home):
    publish(home, a_run("run-1"))
    (finding,) = check_results(Settings(home=home))
    assert finding.status == "ok" and "1 runs" in finding.what and "v1.5.0" in finding.what


def test_results_of_an_older_palate_are_told(home):
    publish(home, a_run("run-1"))
    with duckdb.connect(database_file(home)) as database:
        database.execute("DROP VIEW nights CASCADE")
    assert check_results(Settings(home=home))[0].status == "warn"


def test_a_results_file_that_is_none_cannot_be_opened(home):
    database_file(home).write_text("my notes")
    with pytest.raises(StoreError):
        check_results(Settings(home=home))


def test_a_ledger_is_read_through_and_a_damaged_one_fails(home):
    file = home / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as ledger:
        ledger.execute("CREATE TABLE scores (score REAL)")
        ledger.executemany("INSERT INTO scores VALUES (?)", [(n,) for n in range(2000)])
        ledger.commit()
    assert check_ledger(Settings(home=home))[0].status == "ok"
    whole = bytearray(file.read_bytes())
    whole[4096:8192] = b"x" * 4096
    file.write_bytes(whole)
    (finding,) = check_ledger(Settings(home=home))
    assert finding.status == "fail" and "backup" in finding.fix


def test_a_postgres_that_is_away_is_told_without_its_password(home, monkeypatch):
    monkeypatch.setenv("PALATE_LEDGER_URL", f"postgresql://me:{PASSWORD}@127.0.0.1:9/ledger")
    (finding,) = check_ledger(Settings(home=home))
    assert finding.status == "fail" and "127.0.0.1" in finding.what
    assert PASSWORD not in str(finding)


@pytest.fixture
def shared(bucket, monkeypatch, tmp_path):
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    machine(monkeypatch, tmp_path / "a")
    return Settings(home=HOME)


def test_a_shared_home_that_answers_is_in_order(shared):
    checked = [check(shared) for check in (check_shared, check_results, check_ledger)]
    assert [[one.status for one in finding] for finding in checked] == [["ok"]] * 3
    assert HOME in checked[0][0].what
    assert check_shared(Settings(home=".palate")) == []


def test_a_bucket_that_is_not_there_is_told_by_every_check_of_it(shared):
    nowhere = Settings(home="s3://nosuch/team")
    for check in (check_shared, check_results):
        with pytest.raises(StoreError, match="no such bucket"):
            check(nowhere)


def test_a_ledger_is_never_a_file_of_a_shared_home(shared):
    with pytest.raises(LedgerError, match="PALATE_LEDGER_URL"):
        ledger_url(home_of(HOME), Secrets())
