"""A full disk is one line that names it, and leaves nothing where others look for it."""

import errno
import pickle
import sqlite3
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.core import artifacts
from tasks.core.artifacts import read_table, write_arrays, write_table
from tasks.core.errors import DiskFullError, LedgerError, StoreError
from tasks.core.files import replacing
from tasks.core.full_disk import check_room, disk_full, is_full, watching_disk
from tasks.store.query import query
from tasks.store.warehouse import publish
from tests.store.rows import a_run

FULL = Path("/dev/full")
"""A device on which there is never any room; everybody may write to it."""

needs_device = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
TABLE = pl.DataFrame({"number": range(100_000)})


def no_space(*_args, **_more):
    raise OSError(errno.ENOSPC, "No space left on device")


def leave_a_log(file, _tables, _keep_nights):
    """What DuckDB does that cannot write its log into the file at the end."""
    file.with_name(f"{file.name}.wal").touch()
    no_space()


def within(*errors):
    """The last of the errors, each raised from the one before it."""
    for cause, error in pairwise(errors):
        error.__cause__ = cause
    return errors[-1]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        pl.exceptions.ComputeError("No space left on device (os error 28): /x/.y.tmp"),
        duckdb.IOException('IO Error: Could not write file "x": No space left on device'),
        pa.ArrowException("[Errno 28] Error writing bytes to file. No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
        within(sqlite3.OperationalError("database or disk is full"), StoreError("x", "y")),
        within(OSError(errno.ENOSPC, "full"), RuntimeError("a"), ValueError("b")),
    ],
)
def test_a_full_disk_is_known_whoever_says_so(error, tmp_path):
    assert is_full(error)
    with pytest.raises(DiskFullError), watching_disk(tmp_path):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EACCES, "Permission denied"),
        duckdb.IOException("IO Error: Conflicting lock is held"),
        LedgerError("postgresql://elsewhere: No space left on device.", "Make room there."),
    ],
)
def test_any_other_error_stays_what_it_is(error, tmp_path):
    with pytest.raises(type(error)) as raised, watching_disk(tmp_path):
        raise error
    assert raised.value is error


def test_the_disk_its_mount_and_what_is_free_are_named_in_a_line(tmp_path):
    error = disk_full(OSError(errno.ENOSPC, "x", str(tmp_path / "not" / "there")), Path("/"))
    said = pickle.loads(pickle.dumps(error))
    assert said.what.startswith(f"The disk of {tmp_path} is full: ") and "\n" not in str(said)
    assert " MB are free on /" in said.what and "palate gc" in said.fix


def test_what_fails_without_a_word_may_have_had_no_room(tmp_path, monkeypatch):
    check_room(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0, total=10**9))
    with pytest.raises(DiskFullError, match=r"0\.0 of 1,000\.0 MB are free"):
        check_room(tmp_path / "not" / "there")


@needs_device
@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(bytes(100_000)),
        TABLE.write_parquet,
        TABLE.lazy().sink_parquet,
        lambda path: pq.write_table(TABLE.to_arrow(), path),
        lambda path: np.save(path.open("wb"), np.zeros(100_000)),
    ],
)
def test_a_real_full_device_keeps_the_file_that_was_there(tmp_path, write):
    target = tmp_path / "kept.txt"
    target.write_text("before")
    with pytest.raises(DiskFullError), replacing(target) as private:
        private.symlink_to(FULL)
        write(private)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]
    assert target.read_text() == "before"


def test_an_artifact_that_has_no_room_is_not_there_and_the_next_is(tmp_path, monkeypatch):
    with monkeypatch.context() as broken, pytest.raises(DiskFullError, match="is full"):
        broken.setattr(artifacts, "sync", no_space)
        write_table(tmp_path, "numbers", TABLE)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    assert read_table(tmp_path, write_table(tmp_path, "numbers", TABLE)).equals(TABLE)
    with monkeypatch.context() as broken, pytest.raises(DiskFullError):
        broken.setattr(Path, "write_bytes", no_space)
        write_arrays(tmp_path, "arrays", 1, {"one": np.zeros(1)})


@pytest.mark.parametrize("place", ["copyfile", "sink_parquet"])
def test_a_run_that_cannot_be_added_leaves_the_results_as_they_were(tmp_path, monkeypatch, place):
    publish(tmp_path, a_run("run-1"))
    owner = "shutil" if place == "copyfile" else "polars.LazyFrame"
    with monkeypatch.context() as broken, pytest.raises(DiskFullError):
        broken.setattr(f"{owner}.{place}", no_space)
        publish(tmp_path, a_run("run-2"))
    with monkeypatch.context() as broken, pytest.raises(DiskFullError):
        broken.setattr("tasks.store.warehouse._insert", leave_a_log)
        publish(tmp_path, a_run("run-2"))
    assert query(tmp_path, "SELECT run_id FROM runs").rows() == [("run-1",)]
    assert {file.name for file in tmp_path.iterdir()} <= {"palate.duckdb", "palate.duckdb.lock"}
