"""Stages run without a server: what is kept of them, and when it is made anew."""

from pathlib import Path

import polars as pl
import pytest

from tasks.core import stage as stages
from tasks.core.artifacts import write_table
from tasks.core.direct_steps import DirectSteps, read_result
from tasks.core.stage import stage
from tasks.core.vocabulary import Artifact


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was computed, in order."""
    monkeypatch.setattr(stages, "STAGES", {})
    return []


def table(home: Path, *values: int) -> Artifact:
    return write_table(home, "numbers", pl.DataFrame({"n": values}))


def test_a_result_is_computed_once_and_again_where_its_file_is_gone(
    tmp_path: Path, runs: list[str]
) -> None:
    @stage("count", "1")
    def count_stage(home: Path, first: int) -> Artifact:
        runs.append("count")
        return table(home, first)

    made = DirectSteps(tmp_path).run(count_stage, first=1)
    steps = DirectSteps(tmp_path)
    assert steps.run(count_stage, first=1) == made and runs == ["count"]
    assert [record.cached for record in steps.records] == [True]
    assert DirectSteps(tmp_path).run(count_stage, first=2) != made and len(runs) == 2
    made.at(tmp_path).unlink()
    assert DirectSteps(tmp_path).run(count_stage, first=1) == made and len(runs) == 3
    assert made.at(tmp_path).is_file()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"result": 3}',
        '{"result": "{\\"__class__\\": \\"os.path\\", \\"data\\": 1}"}',
        '{"result": "{\\"__class__\\": \\"tasks.core.vocabulary.Artifact\\", \\"data\\": 1}"}',
    ],
)
def test_what_is_no_result_counts_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "result"
    file.write_text(text)
    assert read_result(file) is None
    file.write_text('{"result": "[1, null]"}')
    assert read_result(file) == ([1, None],)
