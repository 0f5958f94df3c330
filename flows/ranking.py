"""Every user's candidates in the order of the method's ranker."""

from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from flows.candidates import propose
from flows.cascade import judged, measured
from flows.inner import to_learn_from
from flows.learning import feature_inputs, feature_names, held_out_share, learn
from flows.passed_over import passed_over
from flows.pipeline import Candidates, Pipeline, Ranked, item_vectors
from tasks.core import phases
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import note, outcome, phase
from tasks.core.vocabulary import Artifact, BoundName
from tasks.models.stages import unrated_items_stage
from tasks.night.state import Fitted, Unrated
from tasks.ranking.blend import Learned
from tasks.ranking.rankers import AnyRanker, LearnedRanker, OracleRanker, RandomRanker, RuleRanker
from tasks.ranking.stages import diversify_stage, join_unrated_stage, rank_stage

MOST_NEW = 20
"""Unrated items that compete, per person: those with texts nearest to what the person likes."""
NEW = " new items"


def rank(pipeline: Pipeline, candidates: Candidates) -> Ranked:
    """The candidates in the order of the method's ranker. Raises LlmError, TooLittleDataError."""
    fitted = fitted_of(pipeline, candidates.models)
    if pipeline.method.reranker != "learned":
        ranked = _ordered(pipeline, candidates, _ranker(pipeline))
        return Ranked(lists=_diversified(pipeline, ranked), fitted=fitted)
    earlier = pipeline.inputs.fitted
    with phase(phases.LEARN):
        learned = earlier.learned if earlier and earlier.learned else learn_aloud(pipeline)
    lists, unrated = _learned_order(pipeline, candidates, learned), None
    if pipeline.method.ranks_new_items and pipeline.inputs.new_items is None:
        lists, unrated = _with_unrated(pipeline, lists)
    made = fitted.model_copy(update={"learned": learned, "unrated": unrated})
    if pipeline.method.cascades and earlier is None:
        made = made.model_copy(update={"cascade": measured(pipeline, learned)})
    asked, scores = None, None
    if pipeline.method.cascades and made.cascade:
        lists, asked, scores = judged(pipeline, lists, made.cascade)
    return Ranked(lists=_diversified(pipeline, lists), fitted=made, asked=asked, scores=scores)


def learn_aloud(pipeline: Pipeline) -> Learned:
    """Learn the order, and say from how much. Raises TooLittleDataError."""
    learned = learn(pipeline)
    hits = learned.weights.positives
    _, share = to_learn_from(pipeline, pipeline.inputs.ratings)
    whose = "" if share is None else f" of a draw of people, {share:.0%} of all ratings"
    outcome(f"{len(learned.weights.features)} columns, from {hits:,} hits{whose}")
    return learned


def lists_without_model(pipeline: Pipeline, candidates: Candidates) -> Artifact:
    """What stands in where a language model gives too little: learned lists, else base lists."""
    if not pipeline.method.cascades:
        return base_lists(pipeline, candidates)
    silent = pipeline.method.model_copy(update={"scorer": "embedded"})
    return rank(replace(pipeline, method=silent), candidates).lists


def base_lists(pipeline: Pipeline, candidates: Candidates) -> Artifact:
    """Every user's candidates in the order of the base model."""
    plain = pipeline.method.model_copy(update={"reranker": "none", "diversity": 0.0})
    unasked = replace(pipeline, method=plain)
    return _ordered(unasked, candidates, RuleRanker(rule="none"))


def _ranker(pipeline: Pipeline) -> AnyRanker:
    method = pipeline.method
    match method.reranker:
        case "random":
            return RandomRanker(seed=pipeline.seed)
        case "oracle":
            return OracleRanker()
        case "none" | "llm_only" | "weighted" | "rrf" | "filter" as rule:
            return RuleRanker.of(rule, method.weights, method.min_similarity)
        case "learned":
            raise ValueError("the learned ranker is fitted first")


def _ordered(pipeline: Pipeline, candidates: Candidates, ranker: AnyRanker) -> Artifact:
    users = pipeline.inputs.users
    oracle = isinstance(ranker, OracleRanker)
    if not isinstance(ranker, LearnedRanker):  # else a model would pass for a signal of its name
        candidates = Candidates(pairs=candidates.pairs, models={})
    known = feature_inputs(pipeline, candidates, ranker.features)
    with phase(phases.RANK):
        return pipeline.steps.chunks(
            rank_stage,
            users.rows,
            pipeline.chunk,
            users=users,
            pairs=candidates.pairs,
            known=known,
            ranker=ranker,
            explained=max(pipeline.top, pipeline.engine.llm_head)
            if pipeline.method.cascades
            else pipeline.top,  # any item of a head may come first
            held_out=pipeline.inputs.held_out if oracle else None,
        )


def _learned_order(pipeline: Pipeline, candidates: Candidates, learned: Learned) -> Artifact:
    names = feature_names(pipeline, candidates)
    return _ordered(pipeline, candidates, LearnedRanker(features=names, learned=learned))


def fitted_of(pipeline: Pipeline, models: Mapping[str, Artifact]) -> Fitted:
    """What was learned from ratings for these models' lists, tonight or on an earlier night."""
    kept = {name: model for name, model in models.items() if name != "text"}
    return pipeline.inputs.fitted or Fitted(
        options=pipeline.method.model_options,
        models=kept,
        passed_over=passed_over(pipeline, models),
    )


def _with_unrated(pipeline: Pipeline, lists: Artifact) -> tuple[Artifact, Unrated | None]:
    """The lists with each person's nearest unrated items, and how these are judged."""
    inputs, fitted = pipeline.inputs, pipeline.inputs.fitted
    judging = judging_unrated(pipeline)
    unrated = fitted.unrated if fitted else None
    if judging and not fitted:
        unrated = learned_of_unrated(pipeline, judging)
    if not judging or not unrated:
        return lists, unrated
    ranked = _learned_order(judging, propose(judging), unrated.learned)
    joined = pipeline.steps.chunks(
        join_unrated_stage,
        inputs.users.rows,
        pipeline.chunk,
        users=inputs.users,
        lists=lists,
        unrated=ranked,
        share=unrated.share,
    )
    return joined, unrated


def judging_unrated(pipeline: Pipeline) -> Pipeline | None:
    """The pipeline of the items that nobody has rated; None where there are none."""
    inputs = pipeline.inputs
    fresh = pipeline.steps.run(
        unrated_items_stage, ratings=inputs.all_ratings, items=pipeline.dataset.items
    )
    if not fresh.rows:
        return None
    given = {"new_items": fresh, "most_new": MOST_NEW}
    part = pipeline.at(f"{pipeline.steps.part}{NEW}")
    return replace(part, inner_protocol="cold-item", inputs=inputs.model_copy(update=given))


def learned_of_unrated(pipeline: Pipeline, judging: Pipeline) -> Unrated | None:
    """How unrated items are judged; None where there is too little to learn it from.

    The weights are learned from hidden items: in splits that leave every item some ratings an
    unrated item is never a hit, so that what is learned from them would put it last whatever it is.
    """
    try:
        learned = learn(judging)
    except TooLittleDataError as error:
        note(f"  unrated items stay out, {pipeline.steps.part}: {error.what}")
        return None
    return Unrated(learned=learned, share=held_out_share(pipeline))


def _diversified(pipeline: Pipeline, lists: Artifact) -> Artifact:
    """The re-ranked lists with as diverse a head as is wanted; base ranks stay.

    The floor and the ceiling stay as they are.
    """
    method = pipeline.method
    if not method.diversity or method.reranker in get_args(BoundName):
        return lists
    return pipeline.steps.run(
        diversify_stage,
        lists=lists,
        items=pipeline.dataset.items,
        vectors=item_vectors(pipeline),
        diversity=pipeline.method.diversity,
        places=pipeline.depth,
    )
