"""Options of base models chosen on inner splits of a pipeline's own train ratings."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from flows.inner import inner_part, inner_split
from tasks.core.progress import say
from tasks.evaluation.tuning import tune_stage
from tasks.models.options import choices

if TYPE_CHECKING:
    from flows.pipeline import Pipeline


def tuned(pipeline: "Pipeline") -> "Pipeline":
    """The pipeline with each option in `tune` at the choice that ranks inner splits best.

    One option after the other, each with the choices before it. Of new items no base model knows
    anything: nothing is chosen then. What an earlier night fitted has its own choices.
    """
    settings, fitted = pipeline.settings, pipeline.inputs.fitted
    if fitted is not None:
        chosen = settings.model_copy(update={"model_options": fitted.options})
        return replace(pipeline, settings=chosen)
    if pipeline.inputs.new_items is not None:
        return pipeline
    models = set(settings.candidate_sources)
    options = settings.model_options
    for name in settings.tune:
        if choices()[name].model in models:
            options = options.model_copy(update={name: _best(pipeline, name)})
            chosen = settings.model_copy(update={"model_options": options})
            pipeline = replace(pipeline, settings=chosen)
    return pipeline


def _best(pipeline: "Pipeline", name: str) -> float:
    """The choice with the highest mean NDCG over the inner splits."""
    settings, (model, values) = pipeline.settings, choices()[name]
    found = []
    for number in range(settings.learn_splits):
        split = inner_split(pipeline, number)
        tried = pipeline.steps.run(
            tune_stage,
            inner_part(pipeline, number),
            ratings=split.train,
            held_out=split.held_out,
            users=split.users,
            scale=pipeline.dataset.info.scale,
            model=model,
            tried=[
                settings.model_options.model_copy(update={name: value}).of(model)
                for value in values
            ],
            relevant_at=pipeline.liked_from,
            seed=settings.seed,
        )
        found.append(tried)
    means = np.mean(found, axis=0)
    best = values[int(np.argmax(means))]
    say(f"  {name}, {pipeline.part}: {best:g} (NDCG@10 on inner splits {means.max():.3f})")
    return best
