"""Where the fan-outs of a flow run, as `runner` says; the flow and its stages need not know."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect.context import FlowRunContext

from tasks.core.errors import SettingsError
from tasks.evaluation.grid import Grid
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.runner_name import THREADS, check_runner, lacks, scheduler_of
from tasks.settings.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

AnySettings = Settings | EvaluationSettings


def on_its_runner(flow: Callable[P, R]) -> Callable[P, R]:
    """The same function of settings, or a grid of them, with its fan-outs where these say.

    Stands between @flow and the function: commands and deployments then run the same.
    """

    @wraps(flow)
    def running(*given: P.args, **named: P.kwargs) -> R:
        with _runner_for(_settings_in([*given, *named.values()])):
            return flow(*given, **named)

    return running


def _settings_in(given: list[object]) -> list[AnySettings]:
    """Of every cell, where a grid is given."""
    for value in given:
        if isinstance(value, Grid):
            return [cell.settings for cell in value.cells]
    return [value for value in given if isinstance(value, Settings | EvaluationSettings)]


@contextmanager
def _runner_for(settings: list[AnySettings]) -> Iterator[None]:
    context, runners = FlowRunContext.get(), {one.runner for one in settings}
    if len(runners) > 1:
        raise SettingsError(
            f"runner: one command cannot have several ({', '.join(sorted(runners))}).",
            "Give all cells the same.",
        )
    if context is None or runners <= {THREADS}:
        yield
        return
    with _cluster_for(settings) as runner, context.model_copy(update={"task_runner": runner}):
        yield


def workers_of(settings: Settings) -> int:
    """How many workers the runner has; raises ServiceError where one lacks what tasks need."""
    with _cluster_for([settings]) as runner:
        return runner.sharing.askers if runner.sharing else 0


def _cluster_for(settings: list[AnySettings]) -> AbstractContextManager[Any]:
    """A `flows.dask.cluster.ClusterRunner`, which needs optional packages."""
    scheduler = scheduler_of(settings[0].runner)
    asks = any(one.asks for one in settings)
    try:
        from flows.dask.cluster import cluster  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise lacks(settings[0].runner, error.name) from error
    check_runner(settings[0].runner, asks=asks)
    return cluster(settings[0].home, scheduler, asks=asks)
