import os
import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from filelock import FileLock

from flows.doctor.folder import check_clock, check_leftovers, check_space, check_writable
from tasks.core.lock import in_use
from tasks.settings.settings import Settings
from tasks.store.warehouse import publish
from tests.store.rows import a_run

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
    (found,) = check_writable(at(tmp_path / "file" / "home"))
    assert found.status == "fail" and "--home" in found.fix


def test_a_disk_that_does_not_sync_fails(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (found,) = check_writable(at(tmp_path))
    assert found.status == "fail" and "No space left" in found.what
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("free", "status"), [(0.5, "fail"), (3, "warn"), (9, "ok")])
def test_little_room_is_told_before_there_is_none(tmp_path, monkeypatch, free, status):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, int(free * 2**30)))
    (found,) = check_space(at(tmp_path / "to-come"))
    assert found.status == status and (status == "ok" or "palate gc" in found.fix)


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
