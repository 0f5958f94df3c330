"""One split of an evaluation: its train ratings through the pipeline, and its lists measured."""

from typing import get_args

from flows.learning import learned_order
from flows.pipeline import Pipeline
from flows.records import Candidates, Inputs, Ranked
from flows.tuning import tuned
from tasks.core.stage import Steps
from tasks.core.vocabulary import Artifact, BoundName, Dataset, Record
from tasks.evaluation.cell import Measured
from tasks.evaluation.stages import (
    Split,
    bound_stage,
    gather_values_stage,
    measure_lists_stage,
    measure_stage,
    split_stage,
)
from tasks.ranking.blend import Learned
from tasks.settings.evaluation import EvaluationSettings


class OneSeed(Record):
    """What came of one split."""

    split: Split
    lists: Artifact
    measured: Measured
    learned: Learned | None


def rank_split(
    steps: Steps, settings: EvaluationSettings, dataset: Dataset, typed: Artifact | None, seed: int
) -> OneSeed:
    """The split of this seed, its test users' lists, and how good these are."""
    part = f"{settings.protocol_name} seed {seed}"
    split: Split = steps.run(
        split_stage,
        part,
        ratings=dataset.ratings,
        protocol=settings.protocol,
        seed=seed,
        keep=settings.keep,
        limit=settings.limit_users,
    )
    inputs = Inputs(ratings=split.train, users=split.users, typed=typed, new_items=split.new_items)
    seeded = settings.model_copy(update={"seed": seed})
    pipeline = tuned(Pipeline(steps, seeded, dataset, inputs, part))
    found = pipeline.propose()
    ranked = _rank(pipeline, seeded, found, split)
    model = found.models[settings.model] if settings.estimates_ratings else None
    measured = _measured(pipeline, seeded, split, ranked.lists, model)
    return OneSeed(
        split=split, lists=ranked.lists, measured=measured, learned=ranked.fitted.learned
    )


def _measured(
    pipeline: Pipeline,
    settings: EvaluationSettings,
    split: Split,
    lists: Artifact,
    model: Artifact | None,
) -> Measured:
    shared = {
        "ranked": lists,
        "split": split,
        "items": pipeline.dataset.items,
        "counts": pipeline.counts(),
        "relevant_at": pipeline.dataset.info.relevant_at,
        "ks": settings.ks,
    }
    count = split.new_items.rows if split.new_items else settings.candidate_count
    counted = shared | {"count": count}
    return Measured(
        per_user=pipeline.in_chunks(measure_stage, gather_values_stage, split.users.rows, counted),
        overall=pipeline.run(measure_lists_stage, **shared, model=model),
    )


def _rank(
    pipeline: Pipeline, settings: EvaluationSettings, found: Candidates, split: Split
) -> Ranked:
    """The candidates re-ranked; scored only where the order depends on it."""
    if settings.reranker == "learned":
        return learned_order(pipeline, found)
    if settings.reads_similarity:
        lists = pipeline.reorder(found.pairs, pipeline.score(found.pairs))
        return Ranked(lists=pipeline.diversify(lists), fitted=pipeline.fitted(found))
    scores = pipeline.leave_unscored(found.pairs)
    if settings.reranker not in get_args(BoundName):
        lists = pipeline.diversify(pipeline.reorder(found.pairs, scores))
        return Ranked(lists=lists, fitted=pipeline.fitted(found))
    bounded = pipeline.run(
        bound_stage,
        lists=pipeline.reorder(found.pairs, scores, rule="none"),
        held_out=split.held_out,
        name=settings.reranker,
        seed=settings.seed,
    )
    return Ranked(lists=bounded, fitted=pipeline.fitted(found))
