"""Whether the lists published before did well, and for whom base lists are published instead."""

from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact
from tasks.night.stages import Judgement, guard_stage, judge_stage
from tasks.night.state import Known
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
