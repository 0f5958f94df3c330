"""Whether the lists published before did well, and for whom base lists are published instead."""

from collections.abc import Sequence

from flows.tonight import Plan
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact
from tasks.evaluation.cell import CellResult, Comparison
from tasks.night.guard import Verdict
from tasks.night.measured import base_lists_are_better, judging_metric, measured_note
from tasks.night.stages import Judgement, guard_stage, judge_stage, measured_stage
from tasks.night.state import Known
from tasks.settings.night import NightOptions
from tasks.settings.settings import Settings
from tasks.store.nights import LastNight

PART = "guard"


def guard(steps: Steps, settings: Settings, known: Known, before: LastNight | None) -> Judgement:
    """Judge the lists of the last nights on what was rated since; asks and fits nothing."""
    nights = list(before.state.judged) if before else []
    if before and before.state.known != known:
        nights += _judged(steps, settings, known, before)
    nights = nights[-settings.night.guard_nights :]
    return steps.at(PART).run(
        guard_stage,
        nights=nights,
        ratings=known.dataset.ratings,
        users=known.users,
        top=settings.top,
        limits=settings.night,
        seed=settings.seed,
    )


def judge_measurement(
    steps: Steps,
    settings: Settings,
    results: Sequence[CellResult],
    comparisons: Sequence[Comparison],
    plan: Plan,
) -> Sequence[Verdict]:
    """What held-out ratings say of re-ranked lists, tonight or when they were measured last."""
    target = settings.method.learn_target if settings.method.reranker == "learned" else None
    if not results:
        return plan.last.state.measured if plan.last else ()
    figures = results[0].figures
    if not figures or not comparisons:
        return ()
    return steps.at(PART).run(
        measured_stage,
        compared=comparisons[0].values,
        metrics=figures.metrics,
        top=settings.top,
        metric=judging_metric(target),
        limits=settings.night,
    )


def with_measurement(
    judgement: Judgement, measured: Sequence[Verdict], users: Artifact, limits: NightOptions
) -> Judgement:
    """The guard's judgement, and that of held-out ratings, which concerns all `users`."""
    both = {"verdicts": [*judgement.verdicts, *measured]}
    if note := measured_note(measured, users.rows, limits):
        if limits.guard and base_lists_are_better(measured):
            return judgement.model_copy(update=both | {"guarded": users, "note": note})
        return judgement.model_copy(update=both | {"remark": note})
    return judgement.model_copy(update=both)


def _judged(steps: Steps, settings: Settings, known: Known, before: LastNight) -> list[Artifact]:
    """The last night's lists, judged; nothing where too little arrived to say anything."""
    judged = steps.at(PART).run(
        judge_stage,
        lists=before.state.lists,
        before=before.state.known,
        ratings=known.dataset.ratings,
        top=settings.top,
        relevant_at=known.dataset.info.relevant_at,
    )
    return [judged] if judged.rows else []
