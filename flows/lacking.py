"""What the language model left out of tonight, and what serves in its place."""

from dataclasses import replace

from flows.pipeline import Candidates, Pipeline, Ranked
from flows.ranking import base_lists
from flows.similarity import prepare, similarities, with_tastes
from tasks.core.progress import say
from tasks.features.similarity.stages import unscored_stage
from tasks.night.stages import merge_lists_stage
from tasks.store.asked import causes
from tasks.texts.profiles.stages import unwritten_stage


def without_unscored(pipeline: Pipeline, candidates: Candidates, ranked: Ranked) -> Ranked:
    """The lists, degraded if the model gave too few scores, with base lists for whom it did not.

    Nothing changes where no model was asked, or what is missing is within the limit.
    """
    method, notes = pipeline.method, [ranked.degraded]
    if method.writer == "llm" and method.reads_similarity:
        composed = prepare(pipeline)
        written, typed = with_tastes(pipeline, composed).profiles, pipeline.inputs.typed
        counts = pipeline.steps.run(
            unwritten_stage, composed=composed.profiles, written=written, typed=typed
        )
        notes.append(lacking(pipeline, "people", "profile in the model's words", *counts))
    lists = ranked.lists
    if method.asks_llm and method.reads_similarity:
        scores = similarities(pipeline, candidates.pairs)
        limit = pipeline.engine.llm_unscored_limit
        unscored = pipeline.steps.run(unscored_stage, scores=scores, limit=limit)
        note = lacking(pipeline, "candidates", "score", unscored.missing, unscored.pairs)
        if note:
            inputs = pipeline.inputs.model_copy(update={"users": unscored.users})
            plain = base_lists(replace(pipeline, inputs=inputs), candidates)
            lists = pipeline.steps.run(
                merge_lists_stage,
                new=plain,
                kept=lists,
                changed=unscored.users,
                users=pipeline.inputs.users,
            )
            notes.append(f"{note} Base lists are published for {unscored.users.rows:,} users.")
    told = " ".join(filter(None, notes)) or None
    return Ranked(lists=lists, fitted=ranked.fitted, degraded=told)


def lacking(pipeline: Pipeline, whose: str, what: str, missing: int, wanted: int) -> str | None:
    """How much is missing and why, said aloud; None where it is within the limit."""
    if not wanted or missing / wanted <= pipeline.engine.llm_unscored_limit:
        return None
    why = causes(pipeline.steps.home, pipeline.engine) or "no request of tonight says why"
    note = (
        f"{missing:,} of {wanted:,} {whose} ({missing / wanted:.0%}) have no {what}: {why}."
        " The next night asks again."
    )
    say(f"    [red]degraded:[/] {note}")
    return note
