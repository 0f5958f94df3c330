"""What stages gave is kept once, for flows and for answers without a server alike."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from prefect import flow
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH, temporary_settings

from tasks.core import stage as stages
from tasks.core.artifacts import write_table
from tasks.core.direct_steps import DirectSteps
from tasks.core.flow_steps import FlowSteps
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import Artifact
from tasks.night.stages import Changed

Outcome = tuple[Changed, Artifact, list[bool]]
Way = Callable[[], Outcome]


def table(home: Path, *values: int) -> Artifact:
    return write_table(home, "numbers", pl.DataFrame({"n": values}))


@pytest.mark.parametrize("flow_first", [True, False])
def test_flows_and_direct_answers_share_results(
    tmp_path: Path, with_server: str, monkeypatch: pytest.MonkeyPatch, flow_first: bool
) -> None:
    monkeypatch.setattr(stages, "STAGES", {})
    runs = []

    @stage("find", "1")
    def find_stage(home: Path, first: int) -> Changed:
        runs.append("find")
        return Changed(users=table(home, first), reasons={"x": 2}, gone=0)

    @chunk_stage("chunk", "1")
    def some_stage(home: Path, rows: Rows, first: int) -> Artifact:
        runs.append("chunk")
        return table(home, first, *rows)

    @flow(name="shares")
    def by_flow() -> Outcome:
        return both(FlowSteps(tmp_path))

    def both(steps: DirectSteps | FlowSteps) -> Outcome:
        found = steps.run(find_stage, first=1)
        return found, steps.chunks(some_stage, 4, 2, 5), [one.cached for one in steps.records]

    def directly() -> Outcome:
        return both(DirectSteps(tmp_path))

    ways: list[Way] = [by_flow, directly]
    first, second = ways if flow_first else ways[::-1]
    with temporary_settings({PREFECT_LOCAL_STORAGE_PATH: tmp_path / "results"}):
        made = first()
        assert runs == ["find", "chunk", "chunk"] and not any(made[2])
        again = second()
    assert again[:2] == made[:2] and all(again[2]) and len(runs) == 3
