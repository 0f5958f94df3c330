"""Tonight's recommendations for everybody, and how good they are; by whatever runs its stages."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flows.comparisons import compare_all
from flows.dataset import what_is_known
from flows.guarding import guard, judge_measurement, with_measurement
from flows.measuring import is_due, measure
from flows.outcomes import NightlyResult
from flows.publishing import check_targets, publish_elsewhere
from flows.rules import say_short
from flows.sentences import Sentences, write_sentences
from flows.tonight import TONIGHT, Lists, Plan, Tonight, places_of, state_of
from tasks.cascade.tonight import Judging, judging
from tasks.cascade.worth import Spent
from tasks.core import phases
from tasks.core.direct_steps import DirectSteps
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import phase, quietly, say
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact
from tasks.night.notify.outcome import notify_outcome, notifying
from tasks.night.record import Night, changes_of
from tasks.report.night.page import write_report
from tasks.settings.method import Method
from tasks.settings.settings import Settings
from tasks.settings.sources import method_of
from tasks.store.record import Run, new_run_id
from tasks.store.stages import publish_stage
from tasks.store.warehouse import has_results

Show = Callable[[Settings, str, Path | None], None]
"""Shows a run that is published, and the page about it, where there is one."""


def run_night(kind: type[Steps], settings: Settings, show: Show | None = None) -> NightlyResult:
    """Recommend to every user, measure the same method on held-out ratings, publish both.

    `kind` of steps: what runs the stages. Where the best method, unchanged, has too little to learn
    from, a plain one serves. Where a scorer costs money only `measure_users` are measured.
    """
    with notifying(settings):
        check_targets(settings)
        result = _with_enough_data(kind, settings)
    report = _write_report(settings, result.run_id)
    if show:
        show(settings, result.run_id, report)
    told = result.run_id, str(report) if report else None
    notify_outcome(settings, result.status, result.note, *told)
    if settings.night.publish_to:
        with notifying(settings), phase(phases.EXPORT):
            publish_elsewhere(settings, result.run_id)
    return result.model_copy(update={"report": report})


def is_as_before(settings: Settings) -> bool:
    """Whether tonight knows what the last complete night knew, so that no list can change.

    Where a language model may be asked nobody can say.
    """
    if settings.asks or not has_results(settings.home):
        return False
    with quietly():
        steps = DirectSteps(settings.home, TONIGHT)
        tonight = Tonight(steps, settings, what_is_known(steps, settings))
        plan = tonight.plan()
        return plan.changes_nothing and not is_due(tonight, plan)


def _write_report(settings: Settings, run_id: str) -> Path | None:
    """The page about the night, where one is wanted; that may fail: the night is published."""
    if not settings.night.report:
        return None
    with phase(phases.PAGE):
        try:
            return write_report(settings.home, run_id)
        except Exception as error:
            say(
                f"  [red]no page about the night:[/] {type(error).__name__}: {error};"
                " `palate report` tries again"
            )
            return None


def _with_enough_data(kind: type[Steps], settings: Settings) -> NightlyResult:
    try:
        return _night(kind, settings)
    except TooLittleDataError as error:
        if settings.method != Method.model_validate(method_of("best")):
            raise
        note = f"Too little to learn from: {error.what} A plain method served instead."
        say(f"  [red]{note}[/]")
        return _night(kind, settings.model_copy(update={"method": Method()}), note)


def _night(kind: type[Steps], settings: Settings, plain: str | None = None) -> NightlyResult:
    """One night; `plain` says why it is not by the method that was asked for."""
    started = datetime.now(UTC)
    run_id, steps = new_run_id(started), kind(settings.home, TONIGHT)
    with phase(phases.READ):
        known = what_is_known(steps, settings)
    tonight = Tonight(steps, settings, known)
    with phase(phases.CHANGES):
        plan = tonight.plan()
        _say_plan(plan)
    lists = tonight.lists(plan, run_id)
    spent = _spent(settings)
    short = say_short(steps, known, lists.ranked, settings.top)
    with phase(phases.GUARD):
        guarding = guard(steps, settings, known, plan.before)
    with phase(phases.MEASURE):
        results = measure(steps, tonight, plan, lists)
        comparisons = compare_all(steps, results)
        measured = judge_measurement(steps, settings, results, comparisons, plan)
    guarding = with_measurement(guarding, measured, known.users, settings.night)
    places = places_of(tonight, lists, guarding)
    sentences = Sentences()
    if settings.night.explain:
        with phase(phases.ASK):
            sentences = write_sentences(tonight.pipeline(), places)
    asks = settings.method.asks_llm or settings.method.writer == "llm" or sentences.asked
    asked, in_words = _asked(settings) if asks else (None, "")
    measured_in = run_id if results else None
    state = state_of(tonight, plan, lists, guarding.nights, measured_in, measured)
    judging = _judging(tonight, plan, lists, spent)
    run = Run(
        run_id=run_id,
        flow="nightly",
        started_at_utc=started,
        settings=settings,
        dataset=known.dataset,
        users=known.users.rows,
        stages=steps.records,
        night=Night(
            method=plan.method,
            degraded=lists.degraded,
            guarded=guarding.note,
            remark=guarding.remark,
            unexplained=sentences.note,
            plain=plain,
            short=short,
            changes=changes_of(plan.reasons, known.users.rows, plan.gone),
            verdicts=guarding.verdicts,
            state=state,
            judging=judging,
        ),
        unscored=lists.unscored,
    )
    with phase(phases.PUBLISH):
        database = steps.at("").run(
            publish_stage,
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
        status=run.night.status,
        note=run.night.note,
        measured_in=state.measured_in,
        asked=in_words,
        judged=judging.sentence if judging else None,
    )


def _spent(settings: Settings) -> Spent:
    """What asking for scores took until now."""
    if not settings.method.cascades:
        return Spent()
    from tasks.store.asked import spent_on_scores  # noqa: PLC0415 - loads openai and SQLAlchemy

    return spent_on_scores(settings.home, settings.engine)


def _asked(settings: Settings) -> tuple[Artifact, str]:
    """The requests to publish, and what the command has asked, in a few words."""
    from tasks.llm.session import session_for  # noqa: PLC0415 - as above
    from tasks.store.asked import requests_to_publish  # noqa: PLC0415

    asked = requests_to_publish(settings.home, settings.engine)
    return asked, session_for(settings.home, settings.engine).summary()


def _judging(tonight: Tonight, plan: Plan, lists: Lists, spent: Spent) -> Judging | None:
    """What a language model was asked about heads; None where it judges none.

    `spent`: on scores until the lists were there, on the sample of a new fit first.
    """
    cascade = lists.fitted.cascade
    if cascade is None:
        return None
    asked = lists.asked
    return judging(
        cascade,
        asked.counts if asked else {},
        listed=plan.users.rows if plan.users else 0,
        asked=asked.users.rows if asked else 0,
        always=tonight.settings.llm.llm_always,
        tonight=spent if plan.last else spent.less(cascade.price),
    )


def _say_plan(plan: Plan) -> None:
    for reason, users in plan.reasons.items():
        say(f"  new lists for {users:,}: {reason}")
    if plan.last:
        say(f"  all other lists are kept, the model is that of {plan.last.state.model_from}")
