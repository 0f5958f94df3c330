"""Everybody's lists, and what has to be learned before somebody can be answered."""

from flows.candidates import model_of, propose
from flows.cascade import measured
from flows.lacking import without_unscored
from flows.pipeline import Pipeline, Ranked
from flows.ranking import (
    fitted_of,
    judging_unrated,
    learn_aloud,
    learned_of_unrated,
    lists_without_model,
    rank,
)
from flows.tuning import tuned
from flows.wishes import learned_weights, steered_lists
from tasks.core import phases
from tasks.core.errors import LlmDownError
from tasks.core.progress import outcome, phase, say
from tasks.night.state import Fitted


def make_lists(pipeline: Pipeline) -> Ranked:
    """Every user's candidates, base and re-ranked; those of who typed something as it has it.

    While the language model is down the lists are those without it, marked degraded: the learned
    order where the model judges heads of it, else the base order.
    """
    with phase(phases.CANDIDATES):
        chosen = tuned(pipeline)
        candidates = propose(chosen)
        outcome(f"{candidates.pairs.rows:,} pairs by {', '.join(candidates.models)}")
        if pipeline.left_out and not pipeline.inputs.fitted:
            slow = ", ".join(sorted(pipeline.left_out))
            say(f"    left out, as it would take long for so many ratings: {slow}")
    try:
        ranked = steered_lists(chosen, rank(chosen, candidates))
        return without_unscored(chosen, candidates, ranked)
    except LlmDownError as down:
        standing_in = "lists without the model" if chosen.method.cascades else "base lists"
        say(f"    [red]degraded:[/] {down.what} The {standing_in} stand in for the re-ranked.")
        lists = lists_without_model(chosen, candidates)
        told = f"{down.what} New lists are {standing_in}."
        return Ranked(lists=lists, degraded=told, fitted=fitted_of(chosen, candidates.models))


def fit(pipeline: Pipeline) -> Fitted:
    """All that is learned from everybody's ratings, as a night learns it, without making lists."""
    with phase(phases.CANDIDATES):
        chosen = tuned(pipeline)
        names = chosen.method.candidate_sources(forward=chosen.forward)
        fitted = fitted_of(chosen, {name: model_of(chosen, name) for name in names})
    if chosen.method.reranker != "learned":
        return fitted
    with phase(phases.LEARN):
        fitted = fitted.model_copy(update={"learned": learn_aloud(chosen)})
        judging = judging_unrated(chosen) if chosen.method.ranks_new_items else None
        unrated = learned_of_unrated(chosen, judging) if judging else None
        fitted = fitted.model_copy(update={"unrated": unrated})
    if chosen.method.cascades and fitted.learned:
        fitted = fitted.model_copy(update={"cascade": measured(chosen, fitted.learned)})
    if not chosen.method.steers:
        return fitted
    with phase(phases.WORDS):
        weights = learned_weights(chosen, fitted)
    return fitted.model_copy(update={"words": weights})
