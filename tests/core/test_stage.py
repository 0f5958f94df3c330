"""Cache keys: what they depend on, and what they do not."""

import time
from pathlib import Path

import polars as pl
import pytest

from tasks.core.artifacts import artifacts_in, work_of, write_table
from tasks.core.lock import HomeInUseError, alone
from tasks.core.stage import step
from tasks.core.vocabulary import Artifact, Record

FILE = Artifact(path="artifacts/a.parquet", sha256="aa", rows=3)


def key(name="train", logic="1", **parameters):
    made = step(name, logic)(lambda **_: None)
    assert made.cache_key_fn is not None
    return made.cache_key_fn(None, parameters)  # type: ignore[arg-type]


def test_equal_inputs_give_equal_keys_wherever_home_is():
    here = key(home=Path("a"), ratings=FILE, seed=1)
    assert here == key(home=Path("b"), ratings=FILE, seed=1)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "candidates", "ratings": FILE, "seed": 1},
        {"logic": "2", "ratings": FILE, "seed": 1},
        {"ratings": FILE, "seed": 2},
        {"ratings": FILE.model_copy(update={"sha256": "bb"}), "seed": 1},
        {"seed": FILE, "ratings": 1},
    ],
)
def test_another_task_logic_value_or_content_gives_another_key(other):
    assert key(**other) != key(ratings=FILE, seed=1)


def test_versions_of_the_deciding_libraries_are_in_the_key():
    with_library = step("train", "1", "numpy")(lambda **_: None)
    assert with_library.cache_key_fn is not None
    assert with_library.cache_key_fn(None, {}) != key()  # type: ignore[arg-type]


def test_artifacts_are_found_in_records_and_lists():
    class Both(Record):
        one: Artifact
        several: list[Artifact]
        none: Artifact | None = None

    other = FILE.model_copy(update={"path": "b"})
    assert list(artifacts_in([Both(one=FILE, several=[other]), "text"])) == [FILE, other]


def test_what_a_file_took_to_make_is_noted_beside_it(tmp_path):
    def slow(home, rows):
        time.sleep(0.05)
        return write_table(home, "slow", pl.DataFrame({"n": range(rows)}))

    made = step("slow", "1")(slow).fn(tmp_path, rows=3)
    assert 0.05 <= work_of(tmp_path, made) < 5
    assert work_of(tmp_path / "elsewhere", made) == 0.0


@pytest.mark.parametrize("named", [True, False])
def test_a_step_that_hands_on_a_file_has_not_made_it(tmp_path, named):
    def slow(home):
        time.sleep(0.05)
        return write_table(home, "scores", pl.DataFrame({"n": [1]}))

    chunk = step("score", "1")(slow).fn(tmp_path)
    known = work_of(tmp_path, chunk)
    join = step("join", "1")(lambda home, chunks: chunks[0]).fn
    joined = join(tmp_path, chunks=[chunk]) if named else join(tmp_path, [chunk])
    assert joined == chunk and work_of(tmp_path, chunk) == known


def test_nothing_is_removed_from_a_home_while_a_task_works_in_it_in_whichever_process(tmp_path):
    def looking(home: Path) -> None:
        with pytest.raises(HomeInUseError), alone(home):
            pass

    step("look", "1")(looking).fn(home=tmp_path)
    with alone(tmp_path):
        pass
