"""Nights that have already happened, made again as of their days and judged on what came."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.comparisons import AGAINST_BASE
from flows.dataset import find_source, read_dataset, what_is_known
from flows.guarding import guard
from flows.judging import NEWCOMERS, PUBLISHED, Judge
from flows.outcomes import ReplayResult
from flows.rules import say_short
from flows.runner import on_its_runner
from flows.tonight import Lists, Plan, Tonight, places_of, state_of
from tasks.core import phases
from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.core.flow_steps import FlowSteps
from tasks.core.progress import outcome, phase, say
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, Dataset
from tasks.data.catalogue import Source
from tasks.evaluation.cell import Cell, CellResult, Comparison, Figures, Measured
from tasks.evaluation.replay.moments import Moments, day
from tasks.evaluation.replay.night import WITHOUT, JudgedList, ReplayedNight
from tasks.evaluation.replay.stages import moments_stage
from tasks.evaluation.stages import compare_stage, examples_stage, summarise_stage
from tasks.llm.session import session_for
from tasks.night.stages import Judgement
from tasks.report.replay.page import write_replay
from tasks.settings.method import Method
from tasks.settings.replay import ReplaySettings
from tasks.settings.settings import Settings, settings_json
from tasks.settings.sources import method_of
from tasks.store.asked import requests_to_publish
from tasks.store.nights import LastNight
from tasks.store.record import EvaluationRun, new_run_id
from tasks.store.stages import publish_evaluation_stage

AGAINST_RIVALS = "published lists against rivals"
AGAINST_ABLATED = "published lists against those without a part"


@flow(name="replay", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def replay(settings: ReplaySettings) -> ReplayResult:
    """Make past nights again, each from what was known on its day; judge them on what came then.

    The figures of all lists are published, night by night and together. What real nights published
    stays as it is.
    """
    if settings.profiles is not None:
        raise SettingsError(
            "profiles: nobody can say that they were written before the nights of a replay.",
            "Leave --profiles out.",
        )
    started, steps = datetime.now(UTC), FlowSteps(settings.home)
    with phase(phases.READ):
        source = find_source(settings)
        whole = read_dataset(steps, settings, source)
        moments = _moments(steps, settings, whole)
    run_id = new_run_id(started)
    judged = list(_Nights(steps, settings, source, whole, moments).judged())
    with phase(phases.MEASURE):
        results = _results(steps, settings, whole, judged)
        comparisons = _comparisons(steps, results)
    asks = settings.method.asks_llm or settings.method.writer == "llm"
    run = EvaluationRun(
        run_id=run_id,
        flow="replay",
        started_at_utc=started,
        config=settings_json(settings),
        stages=steps.records,
    )
    with phase(phases.PUBLISH):
        database = steps.run(
            publish_evaluation_stage,
            run=run,
            results=results,
            comparisons=comparisons,
            published=[],
            asked=requests_to_publish(settings.home, settings.engine) if asks else None,
            replayed=[one.night for one in judged],
        )
    with phase(phases.PAGE):
        page = write_replay(settings.home, run_id)
    return ReplayResult(
        run_id=run_id,
        database=settings.home / database,
        page=page,
        stages=len(run.stages),
        cached=sum(stage.cached for stage in run.stages),
    )


def _moments(steps: Steps, settings: ReplaySettings, whole: Dataset) -> Moments:
    given = settings.replay
    moments = steps.run(
        moments_stage,
        ratings=whole.ratings,
        start=given.first,
        every=given.every,
        nights=given.nights,
        horizon=settings.horizon,
    )
    say(
        f"  {given.nights} nights from {day(moments.starts[0])} to {day(moments.starts[-1])},"
        f" {moments.every} days apart; judged on the {moments.horizon} days after each"
    )
    return moments


@dataclass(frozen=True)
class _Judged:
    night: ReplayedNight
    lists: list[JudgedList]


@dataclass(frozen=True)
class _Made:
    """One night as `nightly` would have made it."""

    tonight: Tonight
    plan: Plan
    lists: Lists
    guarding: Judgement
    places: Artifact

    def left_to(self, tonight: Tonight) -> LastNight | None:
        """What a later night builds on, if it may."""
        if self.lists.degraded or self.plan.method != tonight.method:
            return None
        state = state_of(self.tonight, self.plan, self.lists, self.guarding.nights, None)
        return LastNight(run_id=self.tonight.steps.part, state=state)

    @property
    def unjudged(self) -> str | None:
        """Why a language model judged no list, if nothing of it could be measured."""
        cascade, asking = self.lists.fitted.cascade, self.tonight.settings.llm
        return cascade.unmeasured(always=asking.llm_always) if cascade else None

    @property
    def status(self) -> str:
        """As a night's record would say."""
        if self.lists.degraded or self.unjudged:
            return "degraded"
        return "guarded" if self.guarding.note else "complete"


@dataclass(frozen=True)
class _Nights:
    """Nights after each other, each from what the one before it left."""

    steps: Steps
    settings: ReplaySettings
    source: Source
    whole: Dataset
    moments: Moments

    def judged(self) -> Iterator[_Judged]:
        """Every night with its lists, the oldest first."""
        before: _Made | None = None
        for number, moment in enumerate(self.moments.starts):
            label = day(moment)
            with phase(f"Night {number + 1} of {len(self.moments.starts)}, {label}"):
                clock, first, asked = time.monotonic(), len(self.steps.records), self._requests()
                settings = self.settings.on(moment, self.moments.every, self.moments.horizon)
                made = self._made(settings, before, label)
                earlier = before.places if before else None
                judge = Judge(made.tonight, self.settings, self.moments.window(number))
                came = judge.came(self.whole)
                short = say_short(
                    made.tonight.steps, made.tonight.known, made.lists.ranked, settings.top
                )
                lists = judge.all_lists(came, made.lists, made.places, earlier)
                strangers = came.newcomers.users.rows if came.newcomers else 0
                night = ReplayedNight(
                    number=number,
                    moment=moment,
                    people=made.tonight.known.users.rows,
                    judged=came.people.users.rows,
                    newcomers=strangers,
                    new_lists=made.plan.users.rows if made.plan.users else 0,
                    fitted=made.plan.last is None,
                    status=made.status,
                    note=made.lists.degraded or made.unjudged or made.guarding.note or short,
                    requests=self._requests() - asked,
                    reliability=judge.reliability(came, made.lists),
                    seconds=time.monotonic() - clock,
                    work_seconds=sum(record.work_seconds for record in self.steps.records[first:]),
                )
                outcome(f"{night.judged:,} people came back, {strangers:,} were new")
            yield _Judged(night, lists)
            before = made

    def _made(self, settings: Settings, before: _Made | None, label: str) -> _Made:
        try:
            return self._night(settings, before, label)
        except TooLittleDataError as error:
            if settings.method != Method.model_validate(method_of("best")):
                raise
            say(f"  [red]Too little to learn from: {error.what} A plain method served instead.[/]")
            plain = settings.model_copy(update={"method": Method()})
            return self._night(plain, None, label)

    def _night(self, settings: Settings, before: _Made | None, label: str) -> _Made:
        steps = self.steps.at(label)
        known = what_is_known(steps, settings, self.source)
        tonight = Tonight(steps, settings, known)
        plan = tonight.plan_after(before.left_to(tonight) if before else None)
        lists = tonight.lists(plan, label)
        guarding = guard(steps, settings, known, plan.before)
        return _Made(tonight, plan, lists, guarding, places_of(tonight, lists, guarding))

    def _requests(self) -> int:
        if not (self.settings.asks or self.settings.method.asks_llm):
            return 0
        return session_for(self.settings.home, self.settings.engine).totals.requests


def _results(
    steps: Steps, settings: ReplaySettings, whole: Dataset, judged: list[_Judged]
) -> list[CellResult]:
    """Of every list over all nights: the published first, then their rivals."""
    labels = dict.fromkeys(one.label for night in judged for one in night.lists)
    return [_result(steps, settings, whole, judged, label) for label in labels]


def _result(
    steps: Steps, settings: ReplaySettings, whole: Dataset, judged: list[_Judged], label: str
) -> CellResult:
    nights = {
        night.night.number: one for night in judged for one in night.lists if one.label == label
    }
    first = next(iter(nights.values()))
    measured = {number: one.measured for number, one in nights.items()}
    mine = steps.at(label)
    figures = Figures(
        dataset=whole.info,
        users=sum(one.split.users.rows for one in nights.values()),
        skipped=first.split.skipped,
        measured=measured,
        metrics=mine.run(summarise_stage, measured=list(measured.values()), seed=settings.seed),
        examples=mine.run(
            examples_stage,
            ranked=first.lists,
            measured=first.measured,
            held_out=first.split.held_out,
            items=whole.items,
            top=settings.top,
        ),
        base_seconds=0.0,
        rerank_seconds=0.0,
        dollars=None,
    )
    cell = Cell(label=label, settings=settings.measuring(first.method, len(nights)))
    return CellResult(cell=cell, status="run", figures=figures)


def _comparisons(steps: Steps, results: list[CellResult]) -> list[Comparison]:
    """Published lists minus base, every rival's and every ablated ones, people for people."""
    made = []
    for place, result in enumerate(results):
        newcomers = result.cell.label.endswith(NEWCOMERS)
        ours = PUBLISHED + (NEWCOMERS if newcomers else "")
        published = next(n for n, one in enumerate(results) if one.cell.label == ours)
        itself = place == published
        ablated = result.cell.label.startswith(WITHOUT)
        says = AGAINST_BASE if itself else AGAINST_ABLATED if ablated else AGAINST_RIVALS
        made.append(
            Comparison(
                cell=published,
                against=place,
                against_list="base" if itself else "reranked",
                says=says + (NEWCOMERS if newcomers else ""),
                values=_compared(steps.at(result.cell.label), results[published], result, itself),
            )
        )
    return made


def _compared(steps: Steps, ours: CellResult, theirs: CellResult, itself: bool) -> Artifact:
    return steps.run(
        compare_stage,
        ours=_measured(ours),
        ours_list="reranked",
        theirs=_measured(theirs),
        theirs_list="base" if itself else "reranked",
        seed=ours.cell.settings.seed,
    )


def _measured(result: CellResult) -> dict[int, Measured]:
    return result.figures.measured if result.figures else {}
