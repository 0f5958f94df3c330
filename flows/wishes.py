"""What people typed: it proposes candidates of its own, and has a say in the order."""

from dataclasses import replace

from flows.candidates import propose
from flows.learning import inner_pipeline
from flows.pipeline import Inputs, Pipeline, Ranked, item_texts, item_vectors, rating_counts
from flows.ranking import lists_without_model, rank
from tasks.core import phases
from tasks.core.errors import LlmDownError
from tasks.core.progress import note, phase
from tasks.core.vocabulary import Artifact
from tasks.night.stages import merge_lists_stage
from tasks.night.state import Fitted
from tasks.wishes.asked import WordInputs
from tasks.wishes.learning import Tried, template_wishes_stage, weigh_words_stage
from tasks.wishes.stages import (
    Steering,
    index_terms_stage,
    read_by_model_stage,
    steer_stage,
    typists_stage,
    word_candidates_stage,
)
from tasks.wishes.steering import RATINGS, TasteWeights

WORDS = "words"
"""The source of candidates that words are."""
MOST = 200
"""Candidates that a person's words propose."""


def steered_lists(pipeline: Pipeline, ranked: Ranked) -> Ranked:
    """The lists with those of people who typed something made anew, as their words have it.

    Lists of all others are not touched.
    """
    inputs, steps = pipeline.inputs, pipeline.steps
    if inputs.typed is None or not pipeline.method.steers:
        return ranked
    people = steps.run(typists_stage, users=inputs.users, typed=inputs.typed)
    if not people.rows:
        return ranked
    with phase(phases.WORDS):
        weights = ranked.fitted.words or learned_weights(pipeline, ranked.fitted)
        given = {"users": people, "fitted": ranked.fitted}
        theirs = replace(
            pipeline.at(f"{steps.part} {WORDS}"), inputs=inputs.model_copy(update=given)
        )
        read, degraded = understood(theirs, inputs.typed)
        made = _steered(theirs, read, weights)
        lists = steps.run(
            merge_lists_stage, new=made, kept=ranked.lists, changed=people, users=inputs.users
        )
    fitted = ranked.fitted.model_copy(update={"words": weights})
    changed = {"lists": lists, "fitted": fitted, "degraded": degraded or ranked.degraded}
    return ranked.model_copy(update=changed)


def lists_by_words(pipeline: Pipeline) -> Ranked:
    """Lists for people who all typed something, from what was learned before."""
    fitted, typed = pipeline.inputs.fitted, pipeline.inputs.typed
    if fitted is None or typed is None:
        raise ValueError("lists by words are made of what is fitted, for people who typed")
    try:
        read, _ = understood(pipeline, typed)
        lists = _steered(pipeline, read, fitted.words or TasteWeights())
    except LlmDownError as down:
        lists = lists_without_model(pipeline, propose(pipeline))
        return Ranked(lists=lists, degraded=down.what, fitted=fitted)
    return Ranked(lists=lists, fitted=fitted)


def _steered(pipeline: Pipeline, typed: Artifact, weights: TasteWeights) -> Artifact:
    """The lists of the pipeline's users, who all typed something."""
    words, inputs = word_inputs(pipeline), pipeline.inputs
    return pipeline.steps.chunks(
        steer_stage,
        inputs.users.rows,
        pipeline.chunk,
        users=inputs.users,
        lists=_with_words(pipeline, typed, words),
        typed=typed,
        ratings=inputs.ratings,
        words=words,
        how=Steering(
            weights=weights,
            weight=pipeline.method.taste_weight,
            probabilities=_gives_probabilities(pipeline),
            explained=pipeline.top,
        ),
    )


def understood(pipeline: Pipeline, typed: Artifact) -> tuple[Artifact, str | None]:
    """What was typed as the rules read it: as it is, or as a language model puts it for them.

    While the model is down it is as it is, and the text says so. Raises LlmError, as scores do.
    """
    if not pipeline.engine.llm_model:
        return typed, None
    try:
        written = pipeline.steps.run(
            read_by_model_stage,
            users=pipeline.inputs.users,
            typed=typed,
            options=pipeline.engine,
        )
    except LlmDownError as down:
        return typed, f"{down.what} Typed words were read by rules alone."
    return written, None


def _with_words(pipeline: Pipeline, typed: Artifact, words: WordInputs) -> Artifact:
    """Their ranked candidates, those that the words propose among them."""
    inputs = pipeline.inputs
    proposed = pipeline.steps.chunks(
        word_candidates_stage,
        inputs.users.rows,
        pipeline.chunk,
        users=inputs.users,
        typed=typed,
        ratings=inputs.ratings,
        words=words,
        count=MOST,
        rules=inputs.rules,
    )
    return rank(pipeline, propose(pipeline, {WORDS: proposed})).lists


def word_inputs(pipeline: Pipeline) -> WordInputs:
    """What wishes are held against."""
    return WordInputs(
        items=pipeline.dataset.items,
        vectors=item_vectors(pipeline),
        terms=pipeline.steps.run(index_terms_stage, texts=item_texts(pipeline)),
        counts=rating_counts(pipeline),
    )


def learned_weights(pipeline: Pipeline, fitted: Fitted) -> TasteWeights:
    """How much words weigh, learned on the newest inner split from wishes written by template.

    Nothing is learned where the order is not, or where too few people can be tried.
    """
    if fitted.learned is None:
        return TasteWeights()
    split, inner = inner_pipeline(pipeline, 0)
    words, tried = word_inputs(inner), []
    for known in RATINGS:
        steps = inner.steps.at(f"{inner.steps.part}, {known} known")
        made_up = steps.run(
            template_wishes_stage,
            train=inner.inputs.ratings,
            held_out=split.held_out,
            items=inner.dataset.items,
            terms=words.terms,
            known=known,
            relevant_at=pipeline.dataset.info.relevant_at,
            seed=inner.seed,
        )
        if not made_up.users.rows:
            continue
        models = {name: model for name, model in propose(inner).models.items() if name != "text"}
        inputs = Inputs(
            ratings=made_up.ratings,
            users=made_up.users,
            everybody=inner.inputs.ratings,
            fitted=Fitted(options=fitted.options, models=models, learned=fitted.learned),
        )
        lists = _with_words(replace(inner, steps=steps, inputs=inputs), made_up.typed, words)
        tried.append(Tried(known=known, made_up=made_up, lists=lists, words=words))
    weights = pipeline.steps.run(
        weigh_words_stage, tried=tried, probabilities=_gives_probabilities(pipeline)
    )
    at = ", ".join(f"{w:g} at {n}" for n, w in zip(weights.ratings, weights.weights, strict=True))
    note(f"  words weigh {at or 'as unlearned'} ratings of a person (0 to 1)")
    return weights


def _gives_probabilities(pipeline: Pipeline) -> bool:
    return pipeline.method.reranker == "learned"
