"""Candidates from one base model or from several together."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flows.records import Candidates
from tasks.models import kept
from tasks.models.task import (
    candidates_task,
    join_candidates_task,
    nearest_new_items_task,
    new_items_task,
    text_model_task,
    train_task,
)
from tasks.progress import say
from tasks.scoring.embedder import Embedder
from tasks.vocabulary import Artifact, ModelName

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
    lists = {name: _top(pipeline, models[name], count) for name, count in wanted.items() if count}
    if len(lists) == 1:
        return Candidates(pairs=lists[settings.model], models=models)
    joined = pipeline.run(
        join_candidates_task, lists=lists, base=settings.model, model=models[settings.model]
    )
    return Candidates(pairs=joined, models=models)


def _new_items(pipeline: "Pipeline", new_items: Artifact) -> Candidates:
    settings, inputs = pipeline.settings, pipeline.inputs
    shared = {"users": inputs.users, "new_items": new_items, "seed": settings.seed}
    learns = settings.reranker == "learned" and "language" not in settings.without
    models = {"text": _text_model(pipeline)} if learns else {}
    if inputs.most_new is None:
        return Candidates(pairs=pipeline.run(new_items_task, **shared), models=models)
    nearest = pipeline.run(
        nearest_new_items_task,
        model=models["text"],
        ratings=inputs.ratings,
        count=inputs.most_new,
        **shared,
    )
    return Candidates(pairs=nearest, models=models)


def _top(pipeline: "Pipeline", model: Artifact, count: int) -> Artifact:
    return pipeline.run(
        candidates_task,
        model=model,
        ratings=pipeline.inputs.ratings,
        users=pipeline.inputs.users,
        count=count,
        seed=pipeline.settings.seed,
    )


def _model(pipeline: "Pipeline", name: ModelName) -> Artifact:
    """A model fitted on these ratings or, with --no-refit, the one kept from earlier."""
    if name == "text":
        return _text_model(pipeline)
    settings, info = pipeline.settings, pipeline.dataset.info
    known = settings.home, info, name, settings.seed
    if pipeline.inputs.keep_model and not settings.refit:
        earlier = kept.last(*known)
        if earlier is not None:
            when = earlier.fitted_at_utc
            say(f"  train, {pipeline.part}: not refitted, the {name} of {when} serves")
            return earlier.factors
    fitted = pipeline.run(
        train_task,
        ratings=pipeline.inputs.ratings,
        scale=info.scale,
        model=name,
        model_options=settings.model_options.of(name),
        seed=settings.seed,
    )
    earlier = kept.last(*known)
    if pipeline.inputs.keep_model and (earlier is None or earlier.factors != fitted):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept.keep(*known, kept.KeptModel(factors=fitted, fitted_at_utc=now))
    return fitted


def _text_model(pipeline: "Pipeline") -> Artifact:
    return pipeline.run(
        text_model_task,
        ratings=pipeline.inputs.ratings,
        users=pipeline.inputs.users,
        texts=pipeline.texts(),
        typed=pipeline.inputs.typed,
        embedder=Embedder.version,
    )
