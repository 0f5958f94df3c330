import numpy as np
import polars as pl
import pytest

from tasks.core.artifacts import (
    is_intact,
    note_work,
    read_arrays,
    read_table,
    work_of,
    write_arrays,
    write_table,
)
from tasks.core.files import replacing, sha256_of

FRAME = pl.DataFrame({"user": [1, 2], "text": ["a", None]})


def files_under(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_replacement_appears_whole_in_a_folder_made_for_it(tmp_path):
    target = tmp_path / "deep" / "file.txt"
    with replacing(target) as private:
        private.write_text("new")
        assert not target.exists()
        assert private.parent == target.parent
    assert target.read_text() == "new"
    assert files_under(tmp_path) == ["file.txt"]


def test_a_failed_replacement_leaves_the_old_file_and_nothing_else(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="half way"), replacing(target) as private:
        private.write_text("ne")
        raise RuntimeError("half way")
    assert target.read_text() == "old"
    assert files_under(tmp_path) == ["file.txt"]


def test_a_replacement_that_writes_nothing_fails_and_keeps_the_old_file(tmp_path):
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(target):
        pass
    assert target.read_text() == "old"
    assert files_under(tmp_path) == ["file.txt"]


def test_two_replacements_at_once_do_not_meet(tmp_path):
    target = tmp_path / "file.txt"
    with replacing(target) as first, replacing(target) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"
    assert files_under(tmp_path) == ["file.txt"]


def test_a_table_is_read_as_it_was_written(tmp_path):
    artifact = write_table(tmp_path, "users", FRAME)
    assert read_table(tmp_path, artifact).equals(FRAME)
    assert artifact.rows == 2
    assert artifact.sha256 == sha256_of(artifact.at(tmp_path))
    assert artifact.path.startswith("artifacts/users/")


def test_arrays_are_read_as_they_were_written(tmp_path):
    arrays = {"ids": np.array(["a", "bc"]), "values": np.eye(2), "mean": np.asarray(3.5)}
    artifact = write_arrays(tmp_path, "factors", 2, arrays)
    back = read_arrays(tmp_path, artifact)
    assert list(back) == list(arrays)
    for name, values in arrays.items():
        np.testing.assert_array_equal(back[name], values)
        assert back[name].dtype == values.dtype


def test_arrays_of_python_objects_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(tmp_path, "factors", 1, {"ids": np.array([{"a": 1}])})
    assert files_under(tmp_path) == []


@pytest.mark.parametrize(
    "write",
    [
        lambda home, value: write_table(home, "t", FRAME.with_columns(extra=value)),
        lambda home, value: write_arrays(home, "t", 1, {"x": np.array([1.0, value])}),
    ],
)
def test_the_same_content_has_the_same_path_and_other_content_another(tmp_path, write):
    first, again, other = write(tmp_path, 1), write(tmp_path, 1), write(tmp_path, 2)
    assert first == again
    assert other.path != first.path
    assert len(files_under(tmp_path)) == 2


def test_the_same_content_has_the_same_path_in_another_home(tmp_path):
    one = write_table(tmp_path / "one", "users", FRAME)
    two = write_table(tmp_path / "two", "users", FRAME)
    assert one == two


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    def fail(_frame, path, **_options):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    with pytest.raises(OSError, match="disk full"):
        write_table(tmp_path, "users", FRAME)
    assert files_under(tmp_path) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"?"),
        lambda path: path.write_bytes(b""),
        lambda path: path.unlink(),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["truncated", "changed", "emptied", "deleted", "a folder"],
)
def test_a_damaged_artifact_is_not_intact(tmp_path, damage):
    artifact = write_table(tmp_path, "users", FRAME)
    assert is_intact(tmp_path, artifact)
    damage(artifact.at(tmp_path))
    assert not is_intact(tmp_path, artifact)


def test_writing_again_repairs_a_damaged_artifact(tmp_path):
    artifact = write_table(tmp_path, "users", FRAME)
    artifact.at(tmp_path).write_bytes(b"damaged")
    assert write_table(tmp_path, "users", FRAME) == artifact
    assert is_intact(tmp_path, artifact)


def test_sha256_is_that_of_the_content(tmp_path):
    file = tmp_path / "abc"
    file.write_bytes(b"abc")
    assert sha256_of(file).startswith("ba7816bf8f01cfea414140de5dae2223")


def test_work_is_known_of_the_file_it_was_noted_for(tmp_path):
    users = write_table(tmp_path, "users", FRAME)
    others = write_table(tmp_path, "users", FRAME.head(1))
    assert work_of(tmp_path, users) == 0.0
    note_work(tmp_path, users, 1.25)
    assert (work_of(tmp_path, users), work_of(tmp_path, others)) == (1.25, 0.0)
    note_work(tmp_path, users, 0.5)
    assert work_of(tmp_path, users) == 0.5
    assert is_intact(tmp_path, users)
