"""Tonight's recommendations for everybody, and how good they are."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner
from rich.markup import escape

from flows.best import with_best
from flows.cli.shown.artifacts import show_in_prefect
from flows.comparisons import compare_all
from flows.dataset import know
from flows.guarding import Guarding, guard
from flows.measuring import measure
from flows.runner import on_its_runner
from flows.sentences import Sentences, write_sentences
from flows.tonight import TONIGHT, Lists, Plan, Tonight
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import say
from tasks.core.stage import Steps
from tasks.core.vocabulary import Artifact, Record
from tasks.night.notify.telling import notifying, tell_outcome
from tasks.night.record import Night, changes_of
from tasks.night.stages import places_task
from tasks.night.state import Known, NightState
from tasks.report.night.page import write_report
from tasks.settings.run import Settings
from tasks.store.asked import requests_to_publish
from tasks.store.record import Run, new_run_id
from tasks.store.stages import publish_task


class NightlyResult(Record):
    """What a night gave: the run in the results file, and how much of it was new."""

    run_id: str
    database: Path
    users: int
    new_lists: int
    stages: int
    cached: int
    status: str
    note: str | None
    measured_in: str | None
    asked: str
    report: Path | None = None


@flow(name="nightly", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def nightly(settings: Settings) -> NightlyResult:
    """Recommend to every user, measure the same method on held-out ratings, publish both.

    By the method that measured best, unless the settings choose one; where there is too little to
    learn from, by the plain one. Where a scorer costs money only `measure_users` are measured.
    """
    with notifying(settings):
        result = _by_the_best(settings)
    report = _write_report(settings, result.run_id)
    show_in_prefect(settings, result.run_id, report)
    told = result.run_id, str(report) if report else None
    tell_outcome(settings, result.status, result.note, *told)
    return result.model_copy(update={"report": report})


def _write_report(settings: Settings, run_id: str) -> Path | None:
    """The page about the night, where one is wanted; that may fail: the night is published."""
    if not settings.report:
        return None
    try:
        return write_report(settings.home, run_id)
    except Exception as error:
        told = escape(f"{type(error).__name__}: {error}")
        say(f"  [red]no page about the night:[/] {told}; `palate report` tries again")
        return None


def _by_the_best(settings: Settings) -> NightlyResult:
    chosen = with_best(settings)
    try:
        return _night(chosen)
    except TooLittleDataError as error:
        if chosen is settings:
            raise
        say(f"  [red]too little to learn from:[/] {escape(error.what)} The plain method serves.")
        return _night(settings)


def _night(settings: Settings) -> NightlyResult:
    started = datetime.now(UTC)
    run_id, steps = new_run_id(started), Steps(settings.home)
    known = know(steps, settings, TONIGHT)
    tonight = Tonight(steps, settings, known)
    plan = tonight.plan()
    _say_plan(plan)
    lists = tonight.lists(plan, run_id)
    guarding = guard(steps, settings, known, plan.before)
    results = measure(steps, settings, known.dataset, plan, lists)
    comparisons = compare_all(steps, results)
    places = _places(steps, settings, lists, guarding)
    sentences = write_sentences(tonight.pipeline(), places)
    asks = settings.asks_llm or settings.writer == "llm" or sentences.asked
    asked = requests_to_publish(settings) if asks else None
    night = _told(settings, known, plan, lists, guarding, sentences, run_id if results else None)
    run = Run(
        run_id=run_id,
        flow="nightly",
        started_at_utc=started,
        settings=settings,
        dataset=known.dataset,
        users=known.users.rows,
        stages=steps.records,
        night=night,
    )
    database = steps.run(
        publish_task,
        run=run,
        ranked=lists.ranked,
        places=places,
        whys=sentences.whys,
        results=results,
        comparisons=comparisons,
        asked=asked,
    )
    return NightlyResult(
        run_id=run_id,
        database=settings.home / database,
        users=run.users,
        new_lists=plan.users.rows if plan.users else 0,
        stages=len(run.stages),
        cached=sum(stage.cached for stage in run.stages),
        status=night.status,
        note=night.note,
        measured_in=night.state.measured_in,
        asked=_asked(settings) if asked else "",
    )


def _asked(settings: Settings) -> str:
    """What was asked of the language model, in a few words."""
    from tasks.llm.session import session_for  # noqa: PLC0415 - loads openai and SQLAlchemy

    return session_for(settings.home, settings.llm).summary()


def _say_plan(plan: Plan) -> None:
    for reason, users in plan.reasons.items():
        say(f"  new lists for {users:,}: {reason}")
    if plan.last:
        say(f"  all other lists are kept, the model is that of {plan.last.state.model_from}")


def _places(steps: Steps, settings: Settings, lists: Lists, guarding: Guarding) -> Artifact:
    places: Artifact = steps.run(
        places_task,
        TONIGHT,
        ranked=lists.ranked,
        listed=lists.listed,
        guarded=guarding.guarded if guarding.note else None,
        top=settings.top,
    )
    return places


def _told(
    settings: Settings,
    known: Known,
    plan: Plan,
    lists: Lists,
    guarding: Guarding,
    sentences: Sentences,
    measured_in: str | None,
) -> Night:
    """The night's part of the record, and what the next night builds on unless it is degraded."""
    earlier = plan.last.state.measured_in if plan.last else None
    state = NightState(
        known=known,
        lists=lists.ranked,
        listed=lists.listed,
        fitted=lists.fitted,
        model_from=lists.model_from,
        served=lists.served,
        judged=guarding.nights,
        measured_in=measured_in or earlier,
        measured_users=settings.users_to_measure,
    )
    return Night(
        method=plan.method,
        degraded=lists.degraded,
        guarded=guarding.note,
        unexplained=sentences.note,
        changes=changes_of(plan.reasons, known.users.rows, plan.gone),
        verdicts=guarding.verdicts,
        state=state,
    )
