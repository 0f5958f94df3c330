"""The one way a stage becomes a Prefect task: persisted, keyed by content, verified on a hit."""

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import wraps
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from prefect import Task, task
from prefect.client.schemas.objects import State
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture
from pydantic_core import to_json

from tasks.core.artifacts import artifacts_in, is_intact, note_work, work_of
from tasks.core.errors import PalateError
from tasks.core.homes import here
from tasks.core.lock import in_use
from tasks.core.memory import forget_peak, peak_mb
from tasks.core.prefect_progress import counted, fan_out
from tasks.core.progress import say, watch_with
from tasks.core.vocabulary import Artifact, Record

LOGIC: dict[str, tuple[str, ...]] = {}
"""Per stage the versions of its logic and of the libraries that decide its output."""

NOT_IN_KEY = frozenset({"home", "folder", "options"})
"""Parameters that say where things lie and how they are reached, not what they are."""


watch_with(counted)


class StepRecord(Record):
    """What one task did in a run, for the run record.

    `seconds` passed in this run; `work_seconds` is what the result took when it was made, which
    may have been in an earlier one. `peak_mb`: the most memory that this process held meanwhile.
    """

    stage: str
    part: str
    cached: bool
    seconds: float
    rows: int
    work_seconds: float = 0.0
    peak_mb: float | None = None


def step(name: str, logic: str, *libraries: str) -> Callable[[Callable[..., Any]], Task[..., Any]]:
    """Make a task of a function whose parameters are plain values and artifacts.

    The cache key is the task's name, the version of its `logic` (raise it when the same input
    would give another output), the versions of the `libraries` that decide the output, and the
    parameters, where an artifact stands for its content. Only I/O errors are retried.
    """
    versions = [logic, *(f"{library}={installed(library)}" for library in libraries)]
    LOGIC[name] = tuple(versions)

    def key(context: TaskRunContext, parameters: dict[str, Any]) -> str:
        said = {k: v for k, v in parameters.items() if k not in NOT_IN_KEY}
        digest = hashlib.sha256(to_json([name, versions, said])).hexdigest()
        return f"{name.replace(' ', '-')}-{digest[:40]}"

    as_task = task(
        name=name,
        cache_key_fn=key,
        persist_result=True,
        result_serializer="json",
        retries=2,
        retry_delay_seconds=1,
        retry_condition_fn=_is_io_error,
    )
    return lambda function: as_task(_timed(function))


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which notes beside every file it makes how long that took."""

    @wraps(function)
    def timed(home: Path, *values: Any, **named: Any) -> Any:  # noqa: ANN401
        started, home = time.monotonic(), here(home)
        with in_use(home):  # a worker's process may outlive the command
            result = function(home, *values, **named)
        for artifact in _made(result, [*values, *named.values()]):
            note_work(home, artifact, time.monotonic() - started)
        return result

    return timed


class Steps:
    """Runs tasks inside a flow and records what each did."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.records: list[StepRecord] = []

    def run(self, stage: Task[..., Any], part: str = "", **parameters: Any) -> Any:  # noqa: ANN401
        """Run one task, or take its result from an earlier run if its files are intact."""
        started = _begin()
        state = stage(home=self.home, **parameters, return_state=True)
        result, cached = self._settle(stage, state, parameters)
        seconds, work = time.monotonic() - started, self._work(result, parameters)
        self._record(stage.name, part, cached, seconds, work, [result])
        return result

    def run_each(
        self, stage: Task[..., Any], part: str, calls: Iterable[Mapping[str, Any]]
    ) -> list[Any]:
        """Run one task per call, side by side; results in the order of the calls."""
        started, calls = _begin(), list(calls)
        settled = []
        with fan_out(f"{stage.name}, {part}" if part else stage.name, len(calls)) as ended:
            futures: list[PrefectFuture[Any]] = [stage.submit(home=self.home, **c) for c in calls]
            for future, call in zip(futures, calls, strict=True):
                future.wait()
                settled.append(self._settle(stage, future.state, call))
                ended(1)
        done = sum(cached for _, cached in settled)
        results = [result for result, _ in settled]
        seconds, work = time.monotonic() - started, sum(map(self._work, results, calls))
        note = f" ({done} of {len(calls)} chunks cached)"
        self._record(stage.name, part, done == len(calls), seconds, work, results, note)
        return results

    def _settle(
        self, stage: Task[..., Any], state: State[Any], parameters: Mapping[str, Any]
    ) -> tuple[Any, bool]:
        result: Any = state.result()
        if all(is_intact(self.home, artifact) for artifact in artifacts_in(result)):
            cached = state.name == "Cached"
            if cached:
                _mark_used(self.home, state, result)
            return result, cached
        say(f"  {stage.name}: a stored file is gone or damaged, doing it again")
        return stage.with_options(refresh_cache=True)(home=self.home, **parameters), False

    def _record(
        self,
        stage: str,
        part: str,
        cached: bool,
        seconds: float,
        work: float,
        results: list[Any],
        note: str = "",
    ) -> None:
        rows = sum(artifact.rows for artifact in artifacts_in(results))
        self.records.append(
            StepRecord(
                stage=stage,
                part=part,
                cached=cached,
                seconds=seconds,
                rows=rows,
                work_seconds=work,
                peak_mb=peak_mb(),
            )
        )
        where = f"{stage}{note}, {part}" if part else f"{stage}{note}"
        say(f"  {where}: {'[green]cached[/]' if cached else f'{seconds:.1f} s'}, {rows:,} rows")

    def _work(self, result: object, given: Mapping[str, Any]) -> float:
        made = _made(result, given.values())
        return max((work_of(self.home, artifact) for artifact in made), default=0.0)


def _begin() -> float:
    """Now, from when on a stage's seconds and its memory count."""
    forget_peak()
    return time.monotonic()


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
