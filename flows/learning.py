"""The learned re-ranker in a pipeline: fitted on inner splits of its train ratings alone."""

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.markup import escape

from flows.inner import inner_part, inner_seed, inner_split
from flows.records import Candidates, Inputs, Ranked
from tasks.errors import TooLittleDataError
from tasks.features.task import Labels, features_task, similarities_task
from tasks.models.options import version_of
from tasks.models.task import unrated_items_task
from tasks.progress import say
from tasks.reranking.task import join_unrated_task, learn_task, learned_task
from tasks.scoring.embedder import Embedder
from tasks.vocabulary import Artifact

if TYPE_CHECKING:
    from flows.pipeline import Pipeline

MOST_NEW = 20
"""Unrated items that compete, per person: those with texts nearest to what the person likes."""
NEW = " new items"


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
    if settings.ranks_new_items and pipeline.inputs.new_items is None:
        lists = _with_unrated(pipeline, lists)
    return Ranked(lists=pipeline.diversify(lists), learned=learned)


def _with_unrated(pipeline: "Pipeline", lists: Artifact) -> Artifact:
    """The lists with each person's nearest unrated items, by weights learned from hidden items.

    In splits that leave every item some ratings an unrated item is never a hit, so that what is
    learned from them would put it last whatever it is.
    """
    inputs = pipeline.inputs
    fresh = pipeline.run(unrated_items_task, ratings=inputs.ratings, items=pipeline.dataset.items)
    if not fresh.rows:
        return lists
    judging = replace(
        pipeline,
        settings=pipeline.settings.judging_new_items(),
        inputs=inputs.model_copy(update={"new_items": fresh, "most_new": MOST_NEW}),
        part=f"{pipeline.part}{NEW}",
    )
    split = inner_split(pipeline, 0)
    share = split.held_out.rows / (split.held_out.rows + split.train.rows)
    try:
        unrated = learned_order(judging, judging.propose()).lists
    except TooLittleDataError as error:
        say(f"  unrated items stay out, {pipeline.part}: {escape(error.what)}")
        return lists
    return pipeline.run(join_unrated_task, lists=lists, unrated=unrated, share=share)


def _inner_table(pipeline: "Pipeline", number: int) -> Artifact:
    """Labelled features of one inner split, made as the outer ones are."""
    split = inner_split(pipeline, number)
    inner = replace(
        pipeline,
        settings=pipeline.settings.model_copy(update={"seed": inner_seed(pipeline, number)}),
        inputs=Inputs(
            ratings=split.train,
            users=split.users,
            new_items=split.new_items,
            most_new=pipeline.inputs.most_new,
        ),
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
