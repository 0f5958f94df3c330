"""Whether the lists published before did well, and for whom base lists are published instead."""

from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, Record
from tasks.night.guard import EVERYBODY, Verdict
from tasks.night.stages import Judgement, guard_stage, judge_stage
from tasks.night.state import Known
from tasks.settings.settings import Settings
from tasks.store.nights import LastNight

PART = "guard"


class Guarding(Record):
    """What the guard found, and whom it acts for. `nights`: what later nights judge again with."""

    verdicts: list[Verdict]
    guarded: Artifact
    nights: list[Artifact]
    note: str | None


def guard(steps: Steps, settings: Settings, known: Known, before: LastNight | None) -> Guarding:
    """Judge the lists of the last nights on what was rated since; asks and fits nothing."""
    nights = list(before.state.judged) if before else []
    if before and before.state.known != known:
        nights += _judged(steps, settings, known, before)
    nights = nights[-settings.night.guard_nights :]
    judgement = steps.at(PART).run(
        guard_stage,
        nights=nights,
        ratings=known.dataset.ratings,
        users=known.users,
        top=settings.top,
        limits=settings.night,
        seed=settings.seed,
    )
    return Guarding(
        verdicts=judgement.verdicts,
        guarded=judgement.guarded,
        nights=nights,
        note=_note(judgement) if settings.night.guard and judgement.guarded.rows else None,
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


def _note(judgement: Judgement) -> str:
    worse = [verdict for verdict in judgement.verdicts if verdict.worse]
    whole = [verdict for verdict in worse if verdict.segment == EVERYBODY]
    figures = "; ".join(
        f"{v.segment}: {v.metric}@{v.k} {v.difference:+.4f} [{v.low:+.4f}, {v.high:+.4f}]"
        f" over {v.users:,} users"
        for v in whole or worse
    )
    return (
        f"On the ratings that arrived since, re-ranked lists did worse than base lists ({figures})."
        f" Base lists are published for {judgement.guarded.rows:,} users."
    )
