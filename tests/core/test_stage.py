"""Cache keys: what they depend on, and what they do not; what a stage notes of what it makes."""

import time
from pathlib import Path

import polars as pl
import pytest

from tasks.core import stage as stages
from tasks.core.artifacts import artifacts_in, work_of, write_table
from tasks.core.lock import HomeInUseError, alone
from tasks.core.stage import chunk_stage, list_versions, stage
from tasks.core.vocabulary import Artifact, Record

FILE = Artifact(path="artifacts/a.parquet", sha256="aa", rows=3)
HERE, ELSEWHERE = Path("here"), Path("elsewhere")


@pytest.fixture(autouse=True)
def only_ours(monkeypatch):
    """Stages that a test defines are not among those of the house."""
    monkeypatch.setattr(stages, "STAGES", {})


def key_of(made, home=HERE, /, **parameters):
    return made.key(made.parameters(home, **parameters))


def key(home=HERE, /, name="train", logic="1", *, ratings=FILE, seed=1, libraries=(), **more):
    @stage(name, logic, *libraries, **more)
    def made(home: Path, ratings: object, seed: object = 1, source: str = "") -> None:
        pass

    return key_of(made, home, ratings=ratings, seed=seed)


def test_equal_inputs_give_equal_keys_wherever_home_is():
    assert key() == key(ELSEWHERE)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "candidates"},
        {"logic": "2"},
        {"seed": 2},
        {"ratings": FILE.model_copy(update={"sha256": "bb"})},
        {"ratings": 1, "seed": FILE},
        {"libraries": ("numpy",)},
        {"also": lambda _given: "1.0"},
    ],
)
def test_another_name_logic_library_value_or_content_gives_another_key(other):
    assert key(**other) != key()


def test_the_same_content_is_the_same_whichever_name_its_parameter_is_given_by():
    @stage("train", "1")
    def made(home: Path, ratings: Artifact, seed: int = 1) -> None:
        pass

    ours = made.parameters(HERE, FILE)
    assert ours == made.parameters(HERE, ratings=FILE, seed=1), "defaults are part of a call"
    assert made.key(ours) == key_of(made, ELSEWHERE, ratings=FILE, seed=1)


def test_what_is_left_out_of_the_key_changes_nothing_and_all_else_does():
    @stage("ingest", "1", not_in_key={"source"})
    def made(home: Path, source: str, fingerprint: str) -> None:
        pass

    ours = key_of(made, source="a", fingerprint="x")
    assert ours == key_of(made, source="b", fingerprint="x")
    assert ours != key_of(made, source="a", fingerprint="y")


def test_a_parameter_that_was_added_counts_only_where_it_is_given():
    @stage("find", "1")
    def old(home: Path, users: str) -> None:
        pass

    @stage("find", "1", counts_if_given={"rules"})
    def new(home: Path, users: str, rules: str | None = None) -> None:
        pass

    assert key_of(new, users="a") == key_of(old, users="a")
    ruled = {key_of(new, users="a", rules=rules) for rules in (None, "x", "y")}
    assert len(ruled) == 3


def test_what_counts_also_is_asked_of_the_parameters_at_every_call():
    version = {"trees": "4.0", "line": None}

    @stage("learn", "1", also=lambda given: version[given["kind"]])
    def made(home: Path, kind: str) -> None:
        pass

    trees, line = key_of(made, kind="trees"), key_of(made, kind="line")
    version["trees"] = "4.1"
    assert key_of(made, kind="trees") != trees
    assert key_of(made, kind="line") == line


def test_each_chunk_has_a_key_of_its_own():
    @chunk_stage("score", "1")
    def made(home: Path, rows: tuple[int, int], table: Artifact) -> Artifact:
        return table

    first, second = (key_of(made.stage, rows=rows, table=FILE) for rows in ((0, 5), (5, 9)))
    assert first != second


def test_stages_of_figures_alone_decide_no_list():
    made = {role: key(name=role, role=role) for role in ("data", "candidates", "order", "figures")}
    assert len(made) == 4
    assert list_versions() == {role: ("1",) for role in ("data", "candidates", "order")}


def test_a_new_version_of_logic_or_library_is_a_new_version_of_lists():
    key(name="train", libraries=("numpy",))
    before = list_versions()
    key(name="train", logic="2", libraries=("numpy",))
    assert before.keys() == list_versions().keys() == {"train"}
    assert before != list_versions() and "numpy=" in before["train"][1]


def test_artifacts_are_found_in_records_and_lists():
    class Both(Record):
        one: Artifact
        several: list[Artifact]
        none: Artifact | None = None

    other = FILE.model_copy(update={"path": "b"})
    assert list(artifacts_in([Both(one=FILE, several=[other]), "text"])) == [FILE, other]


def test_what_a_file_took_to_make_is_noted_beside_it(tmp_path):
    @stage("slow", "1")
    def slow(home: Path, rows: int) -> Artifact:
        time.sleep(0.05)
        return write_table(home, "slow", pl.DataFrame({"n": range(rows)}))

    made = slow.fn(tmp_path, rows=3)
    assert 0.05 <= work_of(tmp_path, made) < 5
    assert work_of(tmp_path / "elsewhere", made) == 0.0


@pytest.mark.parametrize("named", [True, False])
def test_a_stage_that_hands_on_a_file_has_not_made_it(tmp_path, named):
    @stage("score", "1")
    def slow(home: Path) -> Artifact:
        time.sleep(0.05)
        return write_table(home, "scores", pl.DataFrame({"n": [1]}))

    @stage("hand on", "1")
    def hand_on(home: Path, chunks: list[Artifact]) -> Artifact:
        return chunks[0]

    chunk = slow.fn(tmp_path)
    before = work_of(tmp_path, chunk)
    same = hand_on.fn(tmp_path, chunks=[chunk]) if named else hand_on.fn(tmp_path, [chunk])
    assert same == chunk and work_of(tmp_path, chunk) == before


def test_nothing_is_removed_from_a_home_while_a_stage_works_in_it_in_whichever_process(tmp_path):
    @stage("look", "1")
    def looking(home: Path) -> None:
        with pytest.raises(HomeInUseError), alone(home):
            pass

    looking.fn(tmp_path)
    with alone(tmp_path):
        pass
