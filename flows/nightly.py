"""Tonight's recommendations for everybody, and how good they are."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.pipeline import Inputs, rank, read_dataset
from tasks.artifacts import sha256_of
from tasks.errors import BadDataError, TooLittleDataError
from tasks.evaluation.task import Split, hold_out_task, measure_task
from tasks.llm.session import session_for
from tasks.models.task import choose_users_task
from tasks.profiles.task import typed_profiles_task
from tasks.settings import Settings
from tasks.steps import Steps
from tasks.store.asked import requests_to_publish
from tasks.store.record import Run, new_run_id
from tasks.store.task import publish_task
from tasks.vocabulary import Artifact, Dataset, Record

TONIGHT, HELD_OUT = "tonight", "held out"


class NightlyResult(Record):
    """What a night gave: the run in the results file, and how much of it was new."""

    run_id: str
    database: Path
    users: int
    stages: int
    cached: int
    degraded: str | None
    asked: str


@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
def nightly(settings: Settings) -> NightlyResult:
    """Recommend to every user, measure the same method on held-out ratings, publish both.

    Where a scorer costs money only `measure_users` are measured; on a degraded night nobody is.
    """
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
    typed = _typed(steps, settings, dataset)
    inputs = Inputs(ratings=dataset.ratings, users=users, typed=typed, keep_model=True)
    ranked = rank(steps, settings, dataset, inputs, TONIGHT)
    metrics = None if ranked.degraded else _measure(steps, settings, dataset, users)
    asked = requests_to_publish(settings) if settings.writer == "llm" else None
    run = Run(
        run_id=new_run_id(started),
        flow="nightly",
        started_at_utc=started,
        settings=settings,
        dataset=dataset,
        users=users.rows,
        stages=steps.records,
        degraded=ranked.degraded,
    )
    database = steps.run(publish_task, run=run, ranked=ranked.lists, metrics=metrics, asked=asked)
    return NightlyResult(
        run_id=run.run_id,
        database=settings.home / database,
        users=run.users,
        stages=len(run.stages),
        cached=sum(stage.cached for stage in run.stages),
        degraded=ranked.degraded,
        asked=session_for(settings.home, settings.llm).summary() if asked else "",
    )


def _typed(steps: Steps, settings: Settings, dataset: Dataset) -> Artifact | None:
    file = settings.profiles
    if file is None:
        return None
    if not file.is_file():
        raise BadDataError(file, "the file is missing", "Check --profiles.")
    read: Artifact = steps.run(
        typed_profiles_task,
        TONIGHT,
        folder=file,
        fingerprint=sha256_of(file),
        ratings=dataset.ratings,
    )
    return read


def _measure(
    steps: Steps, settings: Settings, dataset: Dataset, users: Artifact
) -> Artifact | None:
    """Metrics of the same settings on a seeded leave-one-out, where nothing sees the held-out side.

    Typed profiles are left out: nobody can say whether they were written from train alone.
    """
    limit = settings.users_to_measure
    if limit == 0:
        return None
    if limit is not None:
        users = steps.run(
            choose_users_task, HELD_OUT, ratings=users, limit=limit, seed=settings.seed
        )
    split: Split = steps.run(
        hold_out_task, HELD_OUT, ratings=dataset.ratings, users=users, seed=settings.seed
    )
    if split.held_out.rows == 0:
        raise TooLittleDataError(
            "No user has two ratings, so none can be held out to measure the lists.",
            "Check that the ratings file is whole.",
        )
    inputs = Inputs(ratings=split.train, users=split.users)
    ranked = rank(steps, settings, dataset, inputs, HELD_OUT)
    if ranked.degraded:
        return None
    measured: Artifact = steps.run(
        measure_task, HELD_OUT, ranked=ranked.lists, held_out=split.held_out, seed=settings.seed
    )
    return measured
