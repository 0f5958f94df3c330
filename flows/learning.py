"""The learned re-ranker in a pipeline: fitted on inner splits of its train ratings alone."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flows.records import Candidates, Inputs, Ranked
from tasks.evaluation.task import Split, split_task
from tasks.features.task import features_task
from tasks.reranking.task import learn_task, learned_task
from tasks.scoring.embedder import Embedder
from tasks.vocabulary import Artifact

if TYPE_CHECKING:
    from flows.pipeline import Pipeline

SEEDS_PER_SPLIT = 1000
"""So that inner splits of neighbouring seeds differ from each other and from the outer ones."""
LARGEST_SEED = 2**32 - 1
INNER = " inner "
"""In the name of an inner split's part, so that its work counts as that of re-ranking."""


def learned_order(pipeline: "Pipeline", found: Candidates) -> Ranked:
    """The candidates in the order of a re-ranker learned from the pipeline's own train ratings."""
    settings = pipeline.settings
    tables = [_inner_table(pipeline, number) for number in range(settings.learn_splits)]
    weights = pipeline.steps.run(learn_task, pipeline.part, tables=tables, seed=settings.seed)
    lists = pipeline.run(
        learned_task,
        candidates=found.pairs,
        table=_features(pipeline, found),
        weights=weights,
        ratings=pipeline.inputs.ratings,
        items=pipeline.dataset.items,
    )
    return Ranked(lists=pipeline.diversify(lists), weights=weights)


def _inner_table(pipeline: "Pipeline", number: int) -> Artifact:
    """Labelled features of one inner split, made as the outer ones are."""
    settings = pipeline.settings
    seed = (SEEDS_PER_SPLIT * (settings.seed + 1) + number) % LARGEST_SEED
    part = f"{pipeline.part}{INNER}{number}"
    split: Split = pipeline.steps.run(
        split_task,
        part,
        ratings=pipeline.inputs.ratings,
        protocol=settings.inner_protocol,
        seed=seed,
        keep=settings.inner_keep,
        limit=settings.learn_users,
    )
    inner = replace(
        pipeline,
        settings=settings.model_copy(update={"seed": seed}),
        inputs=Inputs(ratings=split.train, users=split.users, new_items=split.new_items),
        part=part,
    )
    return _features(inner, inner.propose(), split.held_out)


def _features(
    pipeline: "Pipeline", found: Candidates, held_out: Artifact | None = None
) -> Artifact:
    return pipeline.run(
        features_task,
        pairs=found.pairs,
        ratings=pipeline.inputs.ratings,
        items=pipeline.dataset.items,
        texts=pipeline.texts(),
        embedder=Embedder.version,
        models=found.models,
        without=tuple(sorted(pipeline.settings.without)),
        held_out=held_out,
    )
