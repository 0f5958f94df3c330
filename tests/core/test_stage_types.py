"""The seam of stages is typed: a wrong call of one is an error before anything runs."""

import pytest

from tests.support.type_checker import type_errors

BEFORE = """
from pathlib import Path

from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.direct_steps import DirectSteps
from tasks.core.vocabulary import Artifact

@stage("train", "1")
def train_stage(home: Path, ratings: Artifact, seed: int, model: str = "svd") -> Artifact:
    return ratings

@chunk_stage("score", "1")
def score_stage(home: Path, rows: Rows, pairs: Artifact, least: float) -> Artifact:
    return pairs

steps = DirectSteps(Path())
file = Artifact(path="a", sha256="b", rows=1)
"""
FIRST = BEFORE.count("\n") + 1

RIGHT = """
trained: Artifact = steps.run(train_stage, ratings=file, seed=1)
named: Artifact = steps.run(train_stage, file, 1, model="als")
scored: Artifact = steps.chunks(score_stage, 10, 5, pairs=trained, least=0.5)
"""

WRONG = {
    "a wrong type": ('steps.run(train_stage, ratings=file, seed="1")', "arg-type"),
    "a missing parameter": ("steps.run(train_stage, ratings=file)", "call-arg"),
    "a misspelt parameter": ("steps.run(train_stage, ratings=file, sede=1)", "call-arg"),
    "a parameter too many": ("steps.run(train_stage, file, 1, 'svd', 2)", "call-arg"),
    "a wrong result": ("text: str = steps.run(train_stage, ratings=file, seed=1)", "assignment"),
    "no stage": ("steps.run(print, 1)", "arg-type"),
    "chunks: a wrong type": (
        "steps.chunks(score_stage, 10, 5, pairs='file', least=0.5)",
        "arg-type",
    ),
    "chunks: a missing parameter": ("steps.chunks(score_stage, 10, 5, pairs=file)", "call-arg"),
    "chunks: a misspelt parameter": (
        "steps.chunks(score_stage, 10, 5, pair=file, least=0.5)",
        "call-arg",
    ),
    "chunks: rows given": (
        "steps.chunks(score_stage, 10, 5, rows=(0, 1), pairs=file, least=0.5)",
        "call-arg",
    ),
    "chunks: a wrong size": ("steps.chunks(score_stage, 10, '5', pairs=file, least=1)", "arg-type"),
    "chunks: a wrong result": (
        "rows: int = steps.chunks(score_stage, 10, 5, pairs=file, least=0.5)",
        "assignment",
    ),
    "chunks: a stage of all rows": (
        "steps.chunks(train_stage, 10, 5, ratings=file, seed=1)",
        "arg-type",
    ),
    "run: a stage of some rows": ("steps.run(score_stage, pairs=file, least=0.5)", "arg-type"),
    "a chunk stage without rows": (
        "@chunk_stage('x', '1')\ndef x_stage(home: Path, a: Artifact) -> Artifact: return a",
        "arg-type",
    ),
    "a chunk stage without a file": (
        "@chunk_stage('y', '1')\ndef y_stage(home: Path, rows: Rows) -> int: return 1",
        "arg-type",
    ),
}


@pytest.fixture(scope="module")
def errors() -> dict[str, list[str]]:
    """Per wrong call its errors, as LINE: TEXT [CODE]; all checked at once since that is slow."""
    lines, starts = FIRST, {}
    for what, (code, _) in WRONG.items():
        starts[what] = range(lines, lines + code.count("\n") + 1)
        lines += code.count("\n") + 1
    every = type_errors(BEFORE + "\n".join(code for code, _ in WRONG.values()) + "\n")
    return {
        what: [error for error in every if int(error.split(":")[0]) in span]
        for what, span in starts.items()
    }


def test_a_right_call_is_no_error() -> None:
    assert type_errors(BEFORE + RIGHT) == []


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_call_is_an_error(what: str, errors: dict[str, list[str]]) -> None:
    assert errors[what], f"{what} is not found"
    assert any(f"[{WRONG[what][1]}]" in error for error in errors[what]), errors[what]
