import sys
from pathlib import Path

import polars as pl
import pytest

from tasks.core import s3
from tasks.core.artifacts import is_intact, read_arrays, read_table, write_arrays, write_table
from tasks.core.errors import SettingsError, StoreError
from tasks.core.homes import home_of, url_of
from tasks.core.stage import _timed
from tasks.core.storage import storage_of
from tests.support.s3 import BUCKET, HOME, keys, machine

FRAME = pl.DataFrame({"user": [1, 2], "text": ["a", None]})


def connect_anew(monkeypatch):
    """What is connected stays so for other tests."""
    monkeypatch.setattr(s3, "_file_system", s3._file_system.__wrapped__)


def files_under(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_one_machine_writes_another_reads(bucket, monkeypatch, tmp_path):
    home = machine(monkeypatch, tmp_path / "a")
    table = write_table(home, "t", FRAME)
    arrays = write_arrays(home, "a", 1, {"x": FRAME["user"].to_numpy()})
    assert keys("team") == sorted([arrays.path, table.path])
    other = machine(monkeypatch, tmp_path / "b")
    assert not other.exists() and is_intact(other, table)
    assert read_table(other, table).equals(FRAME)
    assert read_arrays(other, arrays)["x"].tolist() == [1, 2]


def test_a_file_that_is_here_is_not_fetched_and_one_that_is_there_is_not_sent(
    bucket, monkeypatch, tmp_path
):
    home = machine(monkeypatch, tmp_path / "a")
    table = write_table(home, "t", FRAME)
    asked = []
    monkeypatch.setattr(bucket, "put_file", lambda *given: asked.append(given))
    monkeypatch.setattr(bucket, "get_file", lambda *given: asked.append(given))
    assert write_table(home, "t", FRAME) == table and read_table(home, table).equals(FRAME)
    assert asked == []


def test_a_file_that_was_never_sent_is_not_intact_elsewhere(bucket, monkeypatch, tmp_path):
    table = write_table(machine(monkeypatch, tmp_path / "a"), "t", FRAME)
    bucket.rm(f"{BUCKET}/team/{table.path}")
    other = machine(monkeypatch, tmp_path / "b")
    assert not is_intact(other, table) and files_under(other) == []
    with pytest.raises(FileNotFoundError):
        read_table(other, table)


def test_a_damaged_file_is_neither_kept_nor_read(bucket, monkeypatch, tmp_path):
    table = write_table(machine(monkeypatch, tmp_path / "a"), "t", FRAME)
    bucket.pipe_file(f"{BUCKET}/team/{table.path}", b"damaged")
    other = machine(monkeypatch, tmp_path / "b")
    assert not is_intact(other, table) and files_under(other) == []
    write_table(other, "t", FRAME)  # it is made again, and sent over what was damaged
    assert is_intact(machine(monkeypatch, tmp_path / "c"), table)


def test_a_task_works_in_the_mirror_of_the_machine_that_runs_it(bucket, monkeypatch, tmp_path):
    sent = machine(monkeypatch, tmp_path / "a")
    machine(monkeypatch, tmp_path / "b")
    made = _timed(lambda home: write_table(home, "t", FRAME))(sent)
    assert not sent.exists() and made.path in keys("team")


@pytest.mark.parametrize(
    ("home", "environment", "expected"),
    [
        ("s3://nosuch/team", {}, "there is no such bucket"),
        (HOME, {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "cannot be reached"),
        (HOME, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "there are no credentials"),
    ],
)
def test_storage_that_cannot_be_used_is_told_at_once(
    bucket, monkeypatch, tmp_path, home, environment, expected
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    monkeypatch.setitem(s3.CONFIG, "retries", {"total_max_attempts": 1})
    mirror = machine(monkeypatch, tmp_path / "a", home)
    connect_anew(monkeypatch)
    with pytest.raises(StoreError, match=expected) as raised:
        storage_of(mirror).check()
    assert raised.value.what.startswith(f"{url_of(mirror)}: ") and not mirror.exists()
    assert "sentinel" not in str(raised.value)


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    connect_anew(monkeypatch)
    with pytest.raises(SettingsError, match="pip install 'palate"):
        storage_of(home_of(HOME)).check()
