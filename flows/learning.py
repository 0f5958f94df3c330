"""The learned re-ranker in a pipeline: fitted on inner splits of its train ratings alone."""

from dataclasses import replace
from typing import TYPE_CHECKING

from flows.inner import inner_part, inner_seed, inner_split
from flows.records import Candidates, Inputs, Ranked
from tasks.features.task import Labels, features_task, similarities_task
from tasks.models.options import version_of
from tasks.reranking.task import learn_task, learned_task
from tasks.scoring.embedder import Embedder
from tasks.vocabulary import Artifact

if TYPE_CHECKING:
    from flows.pipeline import Pipeline


def learned_order(pipeline: "Pipeline", found: Candidates) -> Ranked:
    """The candidates in the order of a re-ranker learned from the pipeline's own train ratings."""
    settings = pipeline.settings
    tables = [_inner_table(pipeline, number) for number in range(settings.learn_splits)]
    learned = pipeline.steps.run(
        learn_task,
        pipeline.part,
        tables=tables,
        seed=settings.seed,
        trees=settings.learn_trees,
        lightgbm=version_of("lightgbm") if settings.learn_trees else None,
    )
    lists = pipeline.run(
        learned_task,
        candidates=found.pairs,
        table=_features(pipeline, found),
        learned=learned,
        ratings=pipeline.inputs.ratings,
        items=pipeline.dataset.items,
    )
    return Ranked(lists=pipeline.diversify(lists), learned=learned)


def _inner_table(pipeline: "Pipeline", number: int) -> Artifact:
    """Labelled features of one inner split, made as the outer ones are."""
    split = inner_split(pipeline, number)
    inner = replace(
        pipeline,
        settings=pipeline.settings.model_copy(update={"seed": inner_seed(pipeline, number)}),
        inputs=Inputs(ratings=split.train, users=split.users, new_items=split.new_items),
        part=inner_part(pipeline, number),
    )
    labels = Labels(held_out=split.held_out, relevant_at=pipeline.liked_from)
    return _features(inner, inner.propose(), labels)


def _features(pipeline: "Pipeline", found: Candidates, labels: Labels | None = None) -> Artifact:
    table = pipeline.run(
        features_task,
        pairs=found.pairs,
        ratings=pipeline.inputs.ratings,
        items=pipeline.dataset.items,
        texts=pipeline.texts(),
        embedder=Embedder.version,
        models=found.models,
        without=tuple(sorted(pipeline.settings.without)),
        labels=labels,
    )
    if not pipeline.settings.learns_scores:
        return table
    return pipeline.run(similarities_task, table=table, scores=pipeline.score(found.pairs))
