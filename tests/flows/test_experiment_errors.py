"""Which errors end a cell, which end the asking, and which end the grid; nothing is run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.cells import Evaluation
from tasks.core.errors import (
    BadDataError,
    LlmDownError,
    LlmSetupError,
    SettingsError,
    StoppedError,
    TooLittleDataError,
)
from tasks.core.flow_steps import FlowSteps
from tasks.evaluation.cell import Cell, CellResult
from tests.support.options import plain_evaluation


def attempts(tmp_path: Path, fail: Callable[[Cell], Exception], *labels: str) -> list[CellResult]:
    """The results of cells that ask a model and end in an error."""

    class Failing(Evaluation):
        def measure(self, cell: Cell) -> CellResult:
            raise fail(cell)

    asking = plain_evaluation(home=tmp_path, scorer="llm", llm_model="m")
    cells = [Cell(label=label, settings=asking) for label in labels]
    return Failing(FlowSteps(tmp_path)).measure_all(cells)


@pytest.mark.parametrize(
    ("error", "status", "note"),
    [
        (SettingsError("no such data.", "Look."), "not run", "no such data."),
        (SettingsError("needs a package.", "Install."), "not run", "needs a package."),
        (LlmSetupError("the key is refused.", "Set it."), "not run", "the key is refused."),
        (BadDataError(Path("r.csv"), "is bad", "Fix."), "failed", "r.csv: is bad."),
        (TooLittleDataError("too little.", "More."), "failed", "too little."),
        (ValueError("odd"), "failed", "ValueError: odd"),
    ],
)
def test_a_cell_that_fails_does_not_stop_the_next(
    error: Exception, status: str, note: str, tmp_path: Path
) -> None:
    results = attempts(tmp_path, lambda _cell: error, "one", "two")
    assert [(one.status, one.note, one.figures) for one in results] == [(status, note, None)] * 2


def test_a_model_that_is_down_is_not_waited_for_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def down(cell: Cell) -> Exception:
        asked.append(cell.label)
        return LlmDownError("has not answered.", "Start it.")

    results = attempts(tmp_path, down, "one", "two", "three")
    assert asked == ["one"]
    assert [(one.status, one.note) for one in results] == [("not run", "has not answered.")] * 3


@pytest.mark.parametrize("error", [StoppedError("stopping.", ""), KeyboardInterrupt()])
def test_a_grid_that_is_stopped_stops(error: Any, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        attempts(tmp_path, lambda _cell: error, "one", "two")
