"""Candidates from one base model or from several together."""

from typing import TYPE_CHECKING

from flows.records import Candidates
from tasks.core.vocabulary import Artifact
from tasks.models.registry import model_class
from tasks.models.stages import (
    candidates_stage,
    fold_in_stage,
    gather_candidates_stage,
    join_candidates_stage,
    nearest_new_items_stage,
    new_items_stage,
    text_model_stage,
    train_stage,
)

if TYPE_CHECKING:
    from flows.pipeline import Pipeline


def propose(pipeline: "Pipeline") -> Candidates:
    """Every user's candidates: each source's highest estimates joined, or all new items.

    Of new items only `text` knows anything; it is fitted where the re-ranker learns from it.
    """
    settings, inputs = pipeline.settings, pipeline.inputs
    if inputs.new_items is not None:
        return _new_items(pipeline, inputs.new_items)
    wanted = settings.candidate_sources
    models: dict[str, Artifact] = {name: _model(pipeline, name) for name in wanted}
    lists = {
        name: _top(pipeline, name, models[name], count) for name, count in wanted.items() if count
    }
    if len(lists) == 1:
        return Candidates(pairs=lists[settings.model], models=models)
    joined = pipeline.run(
        join_candidates_stage, lists=lists, base=settings.model, model=models[settings.model]
    )
    return Candidates(pairs=joined, models=models)


def _new_items(pipeline: "Pipeline", new_items: Artifact) -> Candidates:
    settings, inputs = pipeline.settings, pipeline.inputs
    shared = {"users": inputs.users, "new_items": new_items, "seed": settings.seed}
    learns = settings.reranker == "learned" and "language" not in settings.without
    models = {"text": _text_model(pipeline)} if learns else {}
    if inputs.most_new is None:
        return Candidates(pairs=pipeline.run(new_items_stage, **shared), models=models)
    nearest = pipeline.run(
        nearest_new_items_stage,
        model=models["text"],
        ratings=inputs.ratings,
        count=inputs.most_new,
        **shared,
    )
    return Candidates(pairs=nearest, models=models)


def _top(pipeline: "Pipeline", name: str, model: Artifact, count: int) -> Artifact:
    users = pipeline.inputs.users
    shared = {
        "model": model,
        "ratings": pipeline.inputs.ratings,
        "counts": pipeline.counts(),
        "users": users,
        "count": count,
        "seed": pipeline.settings.seed,
    }
    if model_class(name).parts_users_itself:
        return pipeline.run(candidates_stage.stage, rows=(0, users.rows), **shared)
    return pipeline.in_chunks(candidates_stage, gather_candidates_stage, users.rows, shared)


def _model(pipeline: "Pipeline", name: str) -> Artifact:
    """A model fitted on these ratings, or the users folded into one that was fitted earlier."""
    if name == "text":
        return _text_model(pipeline)
    settings, inputs = pipeline.settings, pipeline.inputs
    given = {"ratings": inputs.ratings, "model": name}
    if inputs.fitted is not None:
        kept = inputs.fitted.models[name]
        return pipeline.run(fold_in_stage, kept=kept, users=inputs.users, **given)
    scale = pipeline.dataset.info.scale
    options = settings.model_options.of(name)
    return pipeline.run(
        train_stage, scale=scale, model_options=options, seed=settings.seed, **given
    )


def _text_model(pipeline: "Pipeline") -> Artifact:
    return pipeline.run(
        text_model_stage,
        ratings=pipeline.inputs.ratings,
        users=pipeline.inputs.users,
        texts=pipeline.texts(),
        typed=pipeline.inputs.typed,
    )
