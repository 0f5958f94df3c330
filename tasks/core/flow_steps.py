"""Running stages inside a flow, as Prefect's tasks."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from prefect import Task, task
from prefect.client.schemas.objects import State
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture

from tasks.core.artifacts import artifacts_in, is_intact
from tasks.core.errors import PalateError
from tasks.core.prefect_progress import counted, fan_out
from tasks.core.progress import note, watch_with
from tasks.core.stage import Stage
from tasks.core.steps import Steps, begin, call_name
from tasks.core.vocabulary import Artifact

P = ParamSpec("P")
R = TypeVar("R")

watch_with(counted)


class FlowSteps(Steps):
    """Runs stages inside a flow; those of a fan-out side by side."""

    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run one stage, or take its result from an earlier run if its files are intact."""
        started = begin()
        parameters = stage.parameters(self.home, *args, **kwargs)
        state = task_of(stage)(**parameters, return_state=True)
        result, cached = self._settle(stage, state, parameters)
        seconds, work = time.monotonic() - started, self._work(result, parameters)
        self._record(stage, parameters, cached, (seconds, work), [result])
        return result  # type: ignore[no-any-return]

    def _run_each(self, stage: Stage[..., Artifact], calls: list[dict[str, Any]]) -> list[Artifact]:
        started, settled = begin(), []
        name = call_name(stage, calls[0])
        with fan_out(f"{name}, {self.part}" if self.part else name, len(calls)) as ended:
            futures: list[PrefectFuture[Any]] = [task_of(stage).submit(**call) for call in calls]
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
        return task_of(stage).with_options(refresh_cache=True)(**parameters), False


@cache
def task_of(stage: Stage[..., Any]) -> Task[..., Any]:
    """The stage as a task: kept under its key; only I/O errors are retried."""

    def key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
        return stage.key(parameters)

    as_task: Task[..., Any] = task(
        name=stage.name,
        cache_key_fn=key,
        persist_result=True,
        result_serializer="json",
        retries=2,
        retry_delay_seconds=1,
        retry_condition_fn=_is_io_error,
    )(stage.fn)
    return as_task


def _is_io_error(_task: Task[..., Any], _run: object, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, OSError) and not isinstance(error, PalateError)


def _mark_used(home: Path, state: State[Any], result: object) -> None:
    """Set the files' times to now: `palate gc` removes what nothing has used for long."""
    files = [artifact.at(home) for artifact in artifacts_in(result)]
    kept: Any = state.data  # Prefect's record of the result; its file is named by the cache key
    files += [Path(kept.metadata.storage_key)] if hasattr(kept, "metadata") else []
    for file in files:
        with suppress(OSError):  # kept elsewhere, or of somebody else
            os.utime(file)
