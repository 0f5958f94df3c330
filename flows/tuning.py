"""Options of base models chosen on inner splits of a pipeline's own train ratings."""

from dataclasses import replace

import numpy as np

from flows.inner import inner_part, inner_split
from flows.pipeline import Pipeline
from tasks.core.progress import note
from tasks.evaluation.tuning import tune_stage
from tasks.models.options import ModelOptions, choices


def tuned(pipeline: Pipeline) -> Pipeline:
    """The pipeline with each option in `tune` at the choice that ranks inner splits best.

    One option after the other, each with the choices before it. Of new items no base model knows
    anything: nothing is chosen then. What an earlier night fitted has its own choices.
    """
    inputs = pipeline.inputs
    if inputs.fitted is not None:
        return _with(pipeline, inputs.fitted.options)
    if inputs.new_items is not None:
        return pipeline
    models = set(pipeline.method.candidate_sources(forward=pipeline.forward))
    for name in pipeline.method.tune:
        model, _ = choices()[name]
        if model in models:
            options = pipeline.method.model_options
            pipeline = _with(pipeline, options.having(name, _best(pipeline, name)))
    return pipeline


def _with(pipeline: Pipeline, options: ModelOptions) -> Pipeline:
    chosen = pipeline.method.model_copy(update={"model_options": options})
    return replace(pipeline, method=chosen)


def _best(pipeline: Pipeline, name: str) -> float:
    """The choice with the highest mean NDCG over the inner splits."""
    model, values = choices()[name]
    options = pipeline.method.model_options
    scores = []
    for number in range(pipeline.inner_splits):
        split = inner_split(pipeline, number)
        tried = pipeline.steps.at(inner_part(pipeline, number)).run(
            tune_stage,
            split=split,
            scale=pipeline.dataset.info.scale,
            model=model,
            tried=[options.having(name, value).of(model) for value in values],
            relevant_at=pipeline.liked_from,
            seed=pipeline.seed,
            liked_from=pipeline.dataset.info.relevant_at,
        )
        scores.append(tried)
    means = np.mean(scores, axis=0)
    best = values[int(np.argmax(means))]
    part = pipeline.steps.part
    note(f"  {name}, {part}: {best:g} (NDCG@10 on inner splits {means.max():.3f})")
    return best
