"""What the language model left out of tonight, and what serves in its place."""

from dataclasses import replace

from flows.cascade import asking_about
from flows.pipeline import Candidates, Pipeline, Ranked
from flows.ranking import lists_without_model
from flows.similarity import prepare, similarities, with_tastes
from tasks.core.progress import say
from tasks.core.vocabulary import Artifact
from tasks.features.similarity.stages import unscored_stage
from tasks.night.stages import merge_lists_stage
from tasks.texts.profiles.stages import unwritten_stage


def without_unscored(pipeline: Pipeline, candidates: Candidates, ranked: Ranked) -> Ranked:
    """The lists, degraded if the model gave too few scores; who lacks them gets lists without it.

    Nothing changes where no model was asked, or what is missing is within the limit.
    """
    method, notes = pipeline.method, [ranked.degraded]
    asking = asking_about(pipeline, ranked.asked.users) if ranked.asked else pipeline
    if pipeline.writes_tastes and method.judges:
        composed = prepare(asking)
        written, typed = with_tastes(asking, composed).profiles, asking.inputs.typed
        counts = pipeline.steps.run(
            unwritten_stage, composed=composed.profiles, written=written, typed=typed
        )
        notes.append(lacking(pipeline, "people", "profile in the model's words", *counts))
    if cascade := ranked.fitted.cascade:
        missing = cascade.unscored, cascade.pairs
        notes.append(lacking(pipeline, "candidates of the sample", "score", *missing))
    lists, missing_tonight = ranked.lists, 0
    if scores := _asked_scores(pipeline, candidates, ranked):
        limit = pipeline.engine.llm_unscored_limit
        unscored = pipeline.steps.run(unscored_stage, scores=scores, limit=limit)
        missing_tonight = unscored.missing
        note = lacking(pipeline, "candidates", "score", unscored.missing, unscored.pairs)
        if note:
            lists = _stood_in(pipeline, candidates, lists, unscored.users)
            what = "Lists without the model" if method.cascades else "Base lists"
            notes.append(f"{note} {what} are published for {unscored.users.rows:,} users.")
    told = " ".join(filter(None, notes)) or None
    changed = {"lists": lists, "degraded": told, "unscored": missing_tonight}
    return ranked.model_copy(update=changed)


def _asked_scores(pipeline: Pipeline, candidates: Candidates, ranked: Ranked) -> Artifact | None:
    """The similarities that a language model was asked for, None where it was not."""
    method = pipeline.method
    if method.asks_llm and method.reads_similarity:
        return similarities(pipeline, candidates.pairs)
    return ranked.scores


def _stood_in(
    pipeline: Pipeline, candidates: Candidates, lists: Artifact, users: Artifact
) -> Artifact:
    """The lists, with those of these users as they are without the model."""
    inputs = pipeline.inputs.model_copy(update={"users": users})
    plain = lists_without_model(replace(pipeline, inputs=inputs), candidates)
    return pipeline.steps.run(
        merge_lists_stage, new=plain, kept=lists, changed=users, users=pipeline.inputs.users
    )


def lacking(pipeline: Pipeline, whose: str, what: str, missing: int, wanted: int) -> str | None:
    """How much is missing and why, said aloud; None where it is within the limit."""
    if not wanted or missing / wanted <= pipeline.engine.llm_unscored_limit:
        return None
    from tasks.store.asked import causes  # noqa: PLC0415 - loads openai and SQLAlchemy

    why = causes(pipeline.steps.home, pipeline.engine) or "no request of tonight says why"
    note = (
        f"{missing:,} of {wanted:,} {whose} ({missing / wanted:.0%}) have no {what}: {why}."
        " The next night asks again."
    )
    say(f"    [red]degraded:[/] {note}")
    return note
