"""Candidates from one base model or from several together."""

from collections.abc import Mapping
from types import MappingProxyType

from flows.pipeline import Candidates, Pipeline, item_texts, rating_counts
from tasks.core.vocabulary import Artifact
from tasks.models.registry import model_class
from tasks.models.stages import (
    candidates_stage,
    fold_in_stage,
    join_candidates_stage,
    nearest_new_items_stage,
    new_items_stage,
    text_model_stage,
    train_stage,
)

NONE: Mapping[str, Artifact] = MappingProxyType({})


def propose(
    pipeline: Pipeline, beside: Mapping[str, Artifact] = MappingProxyType({})
) -> Candidates:
    """Every user's candidates: each source's highest estimates joined, or all new items.

    `beside`: lists of candidates of sources that are no models, by name.

    Of new items only `text` knows anything; it is fitted where the re-ranker learns from it.
    """
    method, inputs = pipeline.method, pipeline.inputs
    if inputs.new_items is not None:
        return _new_items(pipeline, inputs.new_items)
    wanted = method.candidate_sources(forward=pipeline.forward)
    models: dict[str, Artifact] = {name: model_of(pipeline, name) for name in wanted}
    lists: dict[str, Artifact] = {
        name: _top(pipeline, models[name], count) for name, count in wanted.items() if count != 0
    } | dict(beside)
    if len(lists) == 1:
        return Candidates(pairs=lists[method.model], models=models)
    joined = pipeline.steps.chunks(
        join_candidates_stage,
        inputs.users.rows,
        pipeline.chunk,
        users=inputs.users,
        lists=lists,
        base=method.model,
        model=models[method.model],
    )
    return Candidates(pairs=joined, models=models)


def _new_items(pipeline: Pipeline, new_items: Artifact) -> Candidates:
    method, inputs, steps = pipeline.method, pipeline.inputs, pipeline.steps
    learns = method.reranker == "learned" and "language" not in method.without
    models = {"text": _text_model(pipeline)} if learns else {}
    if inputs.most_new is None:
        pairs = steps.run(
            new_items_stage,
            users=inputs.users,
            new_items=new_items,
            seed=pipeline.seed,
            rules=inputs.rules,
        )
        return Candidates(pairs=pairs, models=models)
    nearest = steps.chunks(
        nearest_new_items_stage,
        inputs.users.rows,
        pipeline.chunk,
        model=models["text"],
        ratings=inputs.ratings,
        users=inputs.users,
        new_items=new_items,
        count=inputs.most_new,
        seed=pipeline.seed,
        rules=inputs.rules,
    )
    return Candidates(pairs=nearest, models=models)


def _top(pipeline: Pipeline, model: Artifact, count: int | None) -> Artifact:
    users, ratings, seed = pipeline.inputs.users, pipeline.inputs.ratings, pipeline.seed
    count = count or pipeline.method.candidate_count(pipeline.top)
    return pipeline.steps.chunks(
        candidates_stage,
        users.rows,
        pipeline.chunk,
        model=model,
        ratings=ratings,
        counts=rating_counts(pipeline),
        users=users,
        count=count,
        seed=seed,
        rules=pipeline.inputs.rules,
    )


def model_of(pipeline: Pipeline, name: str) -> Artifact:
    """A model fitted on these ratings, or the users folded into one that was fitted earlier."""
    if model_class(name).reads_texts:
        return _text_model(pipeline)
    inputs = pipeline.inputs
    if inputs.fitted is not None:
        return pipeline.steps.run(
            fold_in_stage,
            kept=inputs.fitted.models[name],
            ratings=inputs.ratings,
            users=inputs.users,
            model=name,
        )
    return pipeline.steps.run(
        train_stage,
        ratings=inputs.ratings,
        scale=pipeline.dataset.info.scale,
        model=name,
        model_options=pipeline.method.model_options.of(name),
        seed=pipeline.seed,
        liked_from=pipeline.dataset.info.relevant_at,
        share=inputs.share,
    )


def _text_model(pipeline: Pipeline) -> Artifact:
    """That of everybody; where only some are served beside all others, they are folded into it."""
    steps, inputs = pipeline.steps, pipeline.inputs
    kept = steps.run(text_model_stage, ratings=inputs.all_ratings, texts=item_texts(pipeline))
    if inputs.everybody is None:
        return kept
    return steps.run(
        fold_in_stage, kept=kept, ratings=inputs.ratings, users=inputs.users, model="text"
    )
