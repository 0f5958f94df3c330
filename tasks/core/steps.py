"""Running stages one after the other, and recording what each did."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

import numpy as np
import polars as pl

from tasks.core.artifacts import (
    artifacts_in,
    read_arrays,
    scan_table,
    sink_table,
    work_of,
    write_arrays,
)
from tasks.core.memory import forget_peak, peak_mb
from tasks.core.progress import count_stage, current_phase, note
from tasks.core.stage import ChunkStage, Role, Stage, made_by, stage
from tasks.core.vocabulary import Artifact, Record

P = ParamSpec("P")
R = TypeVar("R")


class StageRecord(Record):
    """What one stage did in a run, for the run record.

    `seconds` passed in this run; `work_seconds` is what the result took when it was made, which
    may have been in an earlier one. `peak_mb`: the most memory that this process held meanwhile.
    `detail`: which model, protocol or the like; `phase`: the part of the command that it ran in.
    """

    stage: str
    part: str
    cached: bool
    seconds: float
    rows: int
    work_seconds: float = 0.0
    peak_mb: float | None = None
    role: Role = "order"
    detail: str = ""
    phase: str = ""


@stage("join chunks", "1", "numpy")
def join_chunks_stage(home: Path, kind: str, chunks: list[Artifact]) -> Artifact:
    """One file of what chunks made, in their order: a table, or arrays with all rows."""
    if chunks[0].path.endswith(".npz"):
        parts = [read_arrays(home, chunk) for chunk in chunks]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return write_arrays(home, kind, sum(chunk.rows for chunk in chunks), whole)
    tables = [scan_table(home, chunk) for chunk in chunks if chunk.rows]
    return sink_table(home, kind, pl.concat(tables or [scan_table(home, chunks[0])]))


class Steps(ABC):
    """Runs stages and records what each did; `part` names the stages' purpose."""

    def __init__(
        self, home: Path, part: str = "", records: list[StageRecord] | None = None
    ) -> None:
        self.home, self.part = home, part
        self.records: list[StageRecord] = [] if records is None else records

    def at(self, part: str) -> Self:
        """The same records for stages with another purpose."""
        return type(self)(self.home, part, self.records)

    @abstractmethod
    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage, or take its result from an earlier run if its files are intact."""

    def chunks(
        self,
        stage: ChunkStage[P],
        total: int,
        size: int,
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Artifact:
        """Run a stage for `size` of `total` rows at a time, side by side; gives all rows joined."""
        spans = [(first, min(first + size, total)) for first in range(0, max(total, 1), size)]
        one = stage.stage
        calls = [one.parameters(self.home, span, *args, **kwargs) for span in spans]
        made = self._run_each(one, calls)
        if len(made) == 1:
            return made[0]
        return self.run(join_chunks_stage, kind=Path(made[0].path).parent.name, chunks=made)

    @abstractmethod
    def _run_each(self, stage: Stage[..., Artifact], calls: list[dict[str, Any]]) -> list[Artifact]:
        """Results in the order of the calls."""

    def _record(
        self,
        stage: Stage[..., Any],
        parameters: Mapping[str, Any],
        cached: bool,
        times: tuple[float, float],
        results: list[Any],
        parts: str = "",
    ) -> None:
        seconds, work = times
        rows = sum(artifact.rows for artifact in artifacts_in(results))
        self.records.append(
            StageRecord(
                stage=stage.name,
                part=self.part,
                cached=cached,
                seconds=seconds,
                rows=rows,
                work_seconds=work,
                peak_mb=peak_mb(),
                role=stage.role,
                detail=_detail(stage, parameters),
                phase=current_phase(),
            )
        )
        count_stage(cached=cached)
        where = ", ".join(filter(None, (f"{call_name(stage, parameters)}{parts}", self.part)))
        note(f"  {where}: {'[green]cached[/]' if cached else f'{seconds:.1f} s'}, {rows:,} rows")

    def _work(self, result: object, parameters: Mapping[str, Any]) -> float:
        made = made_by(result, parameters.values())
        return max((work_of(self.home, artifact) for artifact in made), default=0.0)


def begin() -> float:
    """Now, from when on a stage's seconds and its memory count."""
    forget_peak()
    return time.monotonic()


def _detail(stage: Stage[..., Any], parameters: Mapping[str, Any]) -> str:
    return str(parameters[stage.detail]) if stage.detail else ""


def call_name(stage: Stage[..., Any], parameters: Mapping[str, Any]) -> str:
    """The stage's name, with its detail if it has one."""
    return " ".join(filter(None, (stage.name, _detail(stage, parameters))))
