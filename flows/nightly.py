"""Tonight's recommendations for everybody, and how good they are."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.cells import Evaluation
from flows.comparisons import compare_all
from flows.dataset import read_dataset, read_typed
from flows.explaining import explain
from flows.pipeline import Pipeline
from flows.records import Inputs
from flows.shown.artifacts import show_in_prefect
from tasks.errors import LlmDownError
from tasks.evaluation.cell import Cell, CellResult
from tasks.evaluation.options import EvaluationSettings
from tasks.llm.session import session_for
from tasks.models.task import choose_users_task
from tasks.notify.telling import notifying, tell_outcome
from tasks.progress import say
from tasks.settings import Settings
from tasks.steps import Steps
from tasks.store.asked import requests_to_publish
from tasks.store.record import Run, new_run_id
from tasks.store.task import publish_task
from tasks.vocabulary import Dataset, Record

TONIGHT, HELD_OUT = "tonight", "held out"


class NightlyResult(Record):
    """What a night gave: the run in the results file, and how much of it was new."""

    run_id: str
    database: Path
    users: int
    stages: int
    cached: int
    degraded: str | None
    unexplained: str | None
    asked: str


@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
def nightly(settings: Settings) -> NightlyResult:
    """Recommend to every user, measure the same method on held-out ratings, publish both.

    Where a scorer costs money only `measure_users` are measured; on a degraded night nobody is.
    """
    with notifying(settings):
        result = _night(settings)
    status = "degraded" if result.degraded else "complete"
    show_in_prefect(settings, result.run_id)
    tell_outcome(settings, status, result.degraded, result.run_id)
    return result


def _night(settings: Settings) -> NightlyResult:
    started = datetime.now(UTC)
    steps = Steps(settings.home)
    dataset = read_dataset(steps, settings)
    users = steps.run(
        choose_users_task,
        TONIGHT,
        ratings=dataset.ratings,
        limit=settings.limit_users,
        seed=settings.seed,
    )
    typed = read_typed(steps, settings, dataset, TONIGHT)
    inputs = Inputs(ratings=dataset.ratings, users=users, typed=typed, keep_model=True)
    pipeline = Pipeline(steps, settings, dataset, inputs, TONIGHT)
    ranked = pipeline.rank()
    results = [] if ranked.degraded else _measure(steps, settings, dataset)
    comparisons = compare_all(steps, results)
    explained = explain(pipeline, ranked.lists)
    asks = settings.asks_llm or settings.writer == "llm" or explained.asked
    asked = requests_to_publish(settings) if asks else None
    run = Run(
        run_id=new_run_id(started),
        flow="nightly",
        started_at_utc=started,
        settings=settings,
        dataset=dataset,
        users=users.rows,
        stages=steps.records,
        degraded=ranked.degraded,
        unexplained=explained.note,
    )
    database = steps.run(
        publish_task,
        run=run,
        ranked=ranked.lists,
        whys=explained.whys,
        results=results,
        comparisons=comparisons,
        asked=asked,
    )
    return NightlyResult(
        run_id=run.run_id,
        database=settings.home / database,
        users=run.users,
        stages=len(run.stages),
        cached=sum(stage.cached for stage in run.stages),
        degraded=ranked.degraded,
        unexplained=explained.note,
        asked=session_for(settings.home, settings.llm).summary() if asked else "",
    )


def _measure(steps: Steps, settings: Settings, dataset: Dataset) -> list[CellResult]:
    """The same settings on a seeded leave-one-out, where nothing sees the held-out side.

    Typed profiles are left out: nobody can say whether they were written from train alone.
    """
    limit = settings.users_to_measure
    if limit == 0:
        return []
    same = {name: getattr(settings, name) for name in Settings.model_fields}
    same |= {"profiles": None, "limit_users": limit or settings.limit_users}
    held_out = EvaluationSettings.model_construct(**same, protocol="loo", seeds=1)
    try:
        known = Evaluation(steps, {settings.data: dataset})
        return [known.measure(Cell(label=HELD_OUT, settings=held_out))]
    except LlmDownError as down:
        say(f"    [red]not measured:[/] {down.what}")
        return []
