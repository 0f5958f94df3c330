"""The learned re-ranker in a pipeline: fitted on inner splits of its train ratings alone."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from rich.markup import escape

from flows.inner import inner_part, inner_seed, inner_split
from flows.records import Candidates, Inputs, Ranked
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import say
from tasks.core.vocabulary import Artifact
from tasks.features.stages import Labels, features_stage, similarities_stage
from tasks.models.options import version_of
from tasks.models.stages import unrated_items_stage
from tasks.night.state import Unrated
from tasks.ranking.blend import Learned
from tasks.ranking.stages import join_unrated_stage, learn_stage, learned_stage
from tasks.texts.embedder import Embedder

if TYPE_CHECKING:
    from flows.pipeline import Pipeline

MOST_NEW = 20
"""Unrated items that compete, per person: those with texts nearest to what the person likes."""
NEW = " new items"


def learned_order(pipeline: "Pipeline", found: Candidates) -> Ranked:
    """The candidates in the order of a re-ranker learned from the pipeline's own train ratings."""
    settings, fitted = pipeline.settings, pipeline.inputs.fitted
    learned = fitted.learned if fitted and fitted.learned else _learn(pipeline)
    lists = pipeline.run(
        learned_stage,
        candidates=found.pairs,
        table=_features(pipeline, found),
        learned=learned,
        ratings=pipeline.inputs.ratings,
        counts=pipeline.counts(),
        items=pipeline.dataset.items,
    )
    unrated = None
    if settings.ranks_new_items and pipeline.inputs.new_items is None:
        lists, unrated = _with_unrated(pipeline, lists)
    made = pipeline.fitted(found).model_copy(update={"learned": learned, "unrated": unrated})
    return Ranked(lists=pipeline.diversify(lists), fitted=made)


def _learn(pipeline: "Pipeline") -> Learned:
    settings = pipeline.settings
    learned: Learned = pipeline.steps.run(
        learn_stage,
        pipeline.part,
        tables=[_inner_table(pipeline, number) for number in range(settings.learn_splits)],
        seed=settings.seed,
        trees=settings.learn_trees,
        lightgbm=version_of("lightgbm") if settings.learn_trees else None,
    )
    return learned


def _with_unrated(pipeline: "Pipeline", lists: Artifact) -> tuple[Artifact, Unrated | None]:
    """The lists with each person's nearest unrated items, and how these are judged.

    The weights are learned from hidden items: in splits that leave every item some ratings an
    unrated item is never a hit, so that what is learned from them would put it last whatever it is.
    """
    inputs, fitted = pipeline.inputs, pipeline.inputs.fitted
    kept = fitted.unrated if fitted else None
    fresh = pipeline.run(unrated_items_stage, ratings=inputs.ratings, items=pipeline.dataset.items)
    if not fresh.rows or (fitted and not kept):
        return lists, kept
    told: dict[str, Any] = {"new_items": fresh, "most_new": MOST_NEW}
    if fitted and kept:
        told["fitted"] = fitted.model_copy(update={"learned": kept.learned})
    judging = replace(
        pipeline,
        settings=pipeline.settings.judging_new_items(),
        inputs=inputs.model_copy(update=told),
        part=f"{pipeline.part}{NEW}",
    )
    try:
        ranked = learned_order(judging, judging.propose())
    except TooLittleDataError as error:
        say(f"  unrated items stay out, {pipeline.part}: {escape(error.what)}")
        return lists, None
    unrated = kept or Unrated(
        learned=cast("Learned", ranked.fitted.learned), share=_held_out_share(pipeline)
    )
    shared = {"lists": lists, "unrated": ranked.lists, "share": unrated.share}
    return pipeline.run(join_unrated_stage, **shared), unrated


def _held_out_share(pipeline: "Pipeline") -> float:
    """What part of all ratings an inner split holds out."""
    split = inner_split(pipeline, 0)
    return split.held_out.rows / (split.held_out.rows + split.train.rows)


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
        features_stage,
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
    return pipeline.run(similarities_stage, table=table, scores=pipeline.score(found.pairs))
