"""Stages: typed functions from artifacts and values to a result, kept under a key of their inputs.

A stage is a Prefect task that is persisted, keyed by content, and verified on a hit. What counts in
its key beside its parameters, what does not count, and what its result is part of is said where the
stage is defined, and nowhere else.
"""

import hashlib
import inspect
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar

import numpy as np
import polars as pl
from prefect import Task, task
from prefect.client.schemas.objects import State
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture
from pydantic_core import to_json

from tasks.core.artifacts import (
    artifacts_in,
    is_intact,
    note_work,
    read_arrays,
    scan_table,
    sink_table,
    work_of,
    write_arrays,
)
from tasks.core.errors import PalateError
from tasks.core.homes import here
from tasks.core.lock import in_use
from tasks.core.memory import forget_peak, peak_mb
from tasks.core.prefect_progress import counted, fan_out
from tasks.core.progress import count_stage, current_phase, note, watch_with
from tasks.core.vocabulary import Artifact, Record

P = ParamSpec("P")
R = TypeVar("R")

Role = Literal["data", "candidates", "order", "figures"]
"""What a stage's result is part of: what is known, a base list, its new order, or what is shown and
measured of lists. A new version of anything but `figures` makes every list anew."""

Rows = tuple[int, int]
"""Which rows of the table of users, or of items, a chunk is: the first, and the one after it."""

watch_with(counted)


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


@dataclass(frozen=True)
class Stage(Generic[P, R]):
    """A function (home, **parameters) -> result, and how its result is kept.

    `fn` computes, without Prefect and without looking at what is kept.
    """

    name: str
    versions: tuple[str, ...]
    role: Role
    fn: Callable[Concatenate[Path, P], R]
    task: Task[..., Any]
    detail: str | None = None

    def parameters(self, home: Path, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """All parameters of a call by name, defaults included."""
        bound = inspect.signature(self.fn).bind(home, *args, **kwargs)
        bound.apply_defaults()
        return bound.arguments


@dataclass(frozen=True)
class ChunkStage(Generic[P]):
    """A stage (home, rows, **parameters) -> table or arrays of a chunk of rows."""

    stage: Stage[Concatenate[Rows, P], Artifact]


STAGES: dict[str, Stage[..., Any]] = {}
"""Every stage that is defined, by name."""


def stage(
    name: str,
    logic: str,
    *libraries: str,
    role: Role = "order",
    not_in_key: Iterable[str] = (),
    also: Callable[[Mapping[str, Any]], object] | None = None,
    detail: str | None = None,
) -> Callable[[Callable[Concatenate[Path, P], R]], Stage[P, R]]:
    """Make a stage of a function whose parameters are plain values and artifacts.

    The key is the stage's name, the version of its `logic` (raise it when the same input would give
    another output), the versions of the `libraries` that decide the output, and the parameters,
    where an artifact stands for its content. `not_in_key` names parameters that say where things
    lie or how they are reached, not what they are; `also` gives what else counts (the version of an
    optional library, of a model's weights), from the parameters. `detail` names a parameter whose
    value is shown beside the stage's name. Only I/O errors are retried.
    """
    versions = (logic, *(f"{library}={installed(library)}" for library in libraries))
    left_out = {"home", *not_in_key}

    def key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
        given = {k: v for k, v in parameters.items() if k not in left_out}
        more = [also(parameters)] if also else []
        digest = hashlib.sha256(to_json([name, versions, given, *more])).hexdigest()
        return f"{name.replace(' ', '-')}-{digest[:40]}"

    def define(function: Callable[Concatenate[Path, P], R]) -> Stage[P, R]:
        timed = _timed(function)
        as_task: Task[..., Any] = task(
            name=name,
            cache_key_fn=key,
            persist_result=True,
            result_serializer="json",
            retries=2,
            retry_delay_seconds=1,
            retry_condition_fn=_is_io_error,
        )(timed)
        made = Stage(name, versions, role, timed, as_task, detail)
        STAGES[name] = made
        return made

    return define


def chunk_stage(
    name: str,
    logic: str,
    *libraries: str,
    role: Role = "order",
    not_in_key: Iterable[str] = (),
    also: Callable[[Mapping[str, Any]], object] | None = None,
    detail: str | None = None,
) -> Callable[[Callable[Concatenate[Path, Rows, P], Artifact]], ChunkStage[P]]:
    """The same for a function that works on some rows at a time; `Steps.chunks` joins its results.

    In tables sorted by user, the rows of a chunk are those of users who follow each other.
    """
    make = stage(
        name, logic, *libraries, role=role, not_in_key=not_in_key, also=also, detail=detail
    )
    return lambda function: ChunkStage(make(function))


def list_versions() -> dict[str, tuple[str, ...]]:
    """The versions of every stage that has a part in lists, by name."""
    return {name: one.versions for name, one in STAGES.items() if one.role != "figures"}


class Steps:
    """Runs stages inside a flow and records what each did; `part` names the stages' purpose."""

    def __init__(
        self, home: Path, part: str = "", records: list[StageRecord] | None = None
    ) -> None:
        self.home, self.part = home, part
        self.records: list[StageRecord] = [] if records is None else records

    def at(self, part: str) -> "Steps":
        """The same records for stages with another purpose."""
        return Steps(self.home, part, self.records)

    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage, or take its result from an earlier run if its files are intact."""
        started = _begin()
        parameters = stage.parameters(self.home, *args, **kwargs)
        state = stage.task(**parameters, return_state=True)
        result, cached = self._settle(stage, state, parameters)
        seconds, work = time.monotonic() - started, self._work(result, parameters)
        self._record(stage, parameters, cached, (seconds, work), [result])
        return result  # type: ignore[no-any-return]

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

    def _run_each(self, stage: Stage[..., Artifact], calls: list[dict[str, Any]]) -> list[Artifact]:
        """Results in the order of the calls."""
        started, settled = _begin(), []
        name = _name(stage, calls[0])
        with fan_out(f"{name}, {self.part}" if self.part else name, len(calls)) as ended:
            futures: list[PrefectFuture[Any]] = [stage.task.submit(**call) for call in calls]
            for future, call in zip(futures, calls, strict=True):
                future.wait()
                settled.append(self._settle(stage, future.state, call))
                ended(1)
        done = sum(cached for _, cached in settled)
        results = [result for result, _ in settled]
        seconds, work = time.monotonic() - started, sum(map(self._work, results, calls))
        parts = f" ({done} of {len(calls)} chunks cached)"
        times = seconds, work
        self._record(stage, calls[0], done == len(calls), times, results, parts)
        return results

    def _settle(
        self, stage: Stage[..., Any], state: State[Any], parameters: Mapping[str, Any]
    ) -> tuple[Any, bool]:
        result: Any = state.result()
        if all(is_intact(self.home, artifact) for artifact in artifacts_in(result)):
            cached = state.name == "Cached"
            if cached:
                _mark_used(self.home, state, result)
            return result, cached
        note(f"  {stage.name}: a stored file is gone or damaged, doing it again")
        return stage.task.with_options(refresh_cache=True)(**parameters), False

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
        where = ", ".join(filter(None, (f"{_name(stage, parameters)}{parts}", self.part)))
        note(f"  {where}: {'[green]cached[/]' if cached else f'{seconds:.1f} s'}, {rows:,} rows")

    def _work(self, result: object, parameters: Mapping[str, Any]) -> float:
        made = _made(result, parameters.values())
        return max((work_of(self.home, artifact) for artifact in made), default=0.0)


def _timed(function: Callable[Concatenate[Path, P], R]) -> Callable[Concatenate[Path, P], R]:
    """The same function, which notes beside every file it makes how long that took."""

    @wraps(function)
    def timed(home: Path, *args: P.args, **kwargs: P.kwargs) -> R:
        started, home = time.monotonic(), here(home)
        with in_use(home):  # a worker's process may outlive the command
            result = function(home, *args, **kwargs)
        for artifact in _made(result, [*args, *kwargs.values()]):
            note_work(home, artifact, time.monotonic() - started)
        return result

    return timed


def _begin() -> float:
    """Now, from when on a stage's seconds and its memory count."""
    forget_peak()
    return time.monotonic()


def _detail(stage: Stage[..., Any], parameters: Mapping[str, Any]) -> str:
    return str(parameters[stage.detail]) if stage.detail else ""


def _name(stage: Stage[..., Any], parameters: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (stage.name, _detail(stage, parameters))))


def _made(result: object, given: Iterable[object]) -> list[Artifact]:
    """The artifacts of a result but for those that were given: one chunk joined is that chunk."""
    known = set(artifacts_in(list(given)))
    return [artifact for artifact in artifacts_in(result) if artifact not in known]


def _mark_used(home: Path, state: State[Any], result: object) -> None:
    """Set the files' times to now: `palate gc` removes what nothing has used for long."""
    files = [artifact.at(home) for artifact in artifacts_in(result)]
    kept: Any = state.data  # Prefect's record of the result; its file is named by the cache key
    files += [Path(kept.metadata.storage_key)] if hasattr(kept, "metadata") else []
    for file in files:
        with suppress(OSError):  # kept elsewhere, or of somebody else
            os.utime(file)


def _is_io_error(_task: Task[..., Any], _run: object, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError) and not isinstance(error, PalateError)


@stage("join chunks", "1", "numpy")
def join_chunks_stage(home: Path, kind: str, chunks: list[Artifact]) -> Artifact:
    """One file of what chunks made, in their order: a table, or arrays with all rows."""
    if chunks[0].path.endswith(".npz"):
        parts = [read_arrays(home, chunk) for chunk in chunks]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        return write_arrays(home, kind, sum(chunk.rows for chunk in chunks), whole)
    tables = [scan_table(home, chunk) for chunk in chunks if chunk.rows]
    return sink_table(home, kind, pl.concat(tables or [scan_table(home, chunks[0])]))
