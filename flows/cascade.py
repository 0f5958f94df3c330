"""The cascade: a language model judges the head of each learned list, where that has shown to help.

What it adds is measured on the newest inner split, for people whose held-out ratings are known, in
the order of a ranker that has not seen them.
"""

from dataclasses import replace

from flows.learning import inner_pipeline, labelled_table, learn_on
from flows.pipeline import Inputs, Pipeline, item_texts
from flows.similarity import similarities
from tasks.cascade.stages import (
    AskedHeads,
    HeadSample,
    asked_heads_stage,
    blend_heads_stage,
    head_sample_stage,
    worth_stage,
)
from tasks.cascade.worth import Cascade
from tasks.core import phases
from tasks.core.errors import TooLittleDataError
from tasks.core.progress import phase, say
from tasks.core.vocabulary import Artifact
from tasks.ranking.blend import Learned
from tasks.ranking.rankers import LearnedRanker
from tasks.wishes.stages import typists_stage

TREES_NEED = 2
"""Inner splits without which no trees are grown: one to learn from, one to stop by."""

NOT_MEASURED = Cascade(blend=None, gains=(), people=0, pairs=0, unscored=0)


def measured(pipeline: Pipeline, learned: Learned) -> Cascade:
    """What judging heads adds to the order that was learned, part by part. Raises LlmError.

    Only people of whom the ledger lacks something are asked about. With too few people to fit and
    to judge on, nobody is, and nothing is known of what it adds.
    """
    with phase(phases.LEARN):
        sample, asking = sampled(pipeline, learned)
    if sample is None or not sample.enough:
        return NOT_MEASURED.model_copy(update={"people": sample.users.rows if sample else 0})
    from tasks.store.asked import spent_on_scores  # noqa: PLC0415 - loads openai and SQLAlchemy

    scores = similarities(asking, sample.heads)
    made = pipeline.steps.run(
        worth_stage,
        sample=sample,
        scores=scores,
        protocol=pipeline.inner_protocol,
        seed=pipeline.seed,
    )
    price = spent_on_scores(pipeline.steps.home, pipeline.engine)
    return made.model_copy(update={"price": price})


def sampled(pipeline: Pipeline, learned: Learned) -> tuple[HeadSample | None, Pipeline]:
    """A sample of people, and the pipeline that asks about them; None where none can be drawn."""
    try:
        sample, asking = draw(pipeline, learned)
    except TooLittleDataError as error:
        say(f"  what the model would add is not measured: {error.what}")
        return None, pipeline
    if not sample.enough:
        say(
            f"  what the model would add is not measured: {sample.users.rows:,} people to ask about"
        )
    return sample, asking


def draw(pipeline: Pipeline, learned: Learned) -> tuple[HeadSample, Pipeline]:
    """People to ask about and their heads, and the pipeline that knows what was known of them.

    By time the newest split is theirs, and the ranker is that of the older ones. Where nothing
    comes before anything else, it is one more split than tonight's order was `learned` from.
    Raises TooLittleDataError.
    """
    number = 0 if pipeline.forward else pipeline.inner_splits
    if pipeline.forward:
        older = range(1, max(pipeline.inner_splits, 2))
        trees = pipeline.method.learn_trees and len(older) >= TREES_NEED
        learned = learn_on(pipeline, older, trees=trees)
    split, inner = inner_pipeline(pipeline, number)
    sample = inner.steps.run(
        head_sample_stage,
        table=labelled_table(pipeline, number),
        ranker=LearnedRanker(learned=learned),
        held_out=split.held_out,
        relevant_at=pipeline.liked_from,
        ratings=inner.inputs.ratings,
        texts=item_texts(inner),
        size=pipeline.engine.llm_head,
        count=pipeline.engine.llm_sample,
        seed=pipeline.seed,
    )
    return sample, asking_about(inner, sample.users)


def judged(
    pipeline: Pipeline, lists: Artifact, cascade: Cascade
) -> tuple[Artifact, AskedHeads, Artifact | None]:
    """The lists with those heads judged that are worth it, what was asked, and the scores if any.

    Raises LlmError.
    """
    inputs, steps = pipeline.inputs, pipeline.steps
    asks = cascade.asks(always=pipeline.engine.llm_always)
    asked = heads_to_ask(pipeline, lists, asks)
    if cascade.blend is None or not asked.pairs.rows:
        return lists, asked, None
    scores = similarities(asking_about(pipeline, asked.users), asked.pairs)
    with phase(phases.RANK):
        blended = steps.chunks(
            blend_heads_stage,
            inputs.users.rows,
            pipeline.chunk,
            users=inputs.users,
            lists=lists,
            heads=asked.heads,
            scores=scores,
            blend=cascade.blend,
        )
    return blended, asked, scores


def heads_to_ask(pipeline: Pipeline, lists: Artifact, asks: dict[str, bool]) -> AskedHeads:
    """The heads of these lists in which one of the parts is asked about.

    Nobody who typed something is asked about: their words have the say in their lists.
    """
    inputs, steps = pipeline.inputs, pipeline.steps
    typed = inputs.typed if pipeline.method.steers else None
    return steps.run(
        asked_heads_stage,
        lists=lists,
        asks=asks,
        ratings=inputs.ratings,
        everybody=inputs.all_ratings,
        texts=item_texts(pipeline),
        silent=steps.run(typists_stage, users=inputs.users, typed=typed) if typed else None,
        size=pipeline.engine.llm_head,
    )


def asking_about(pipeline: Pipeline, users: Artifact) -> Pipeline:
    """The pipeline of these users alone, which asks about pairs of theirs."""
    given = pipeline.inputs
    inputs = Inputs(
        ratings=given.ratings, users=users, typed=given.typed, everybody=given.all_ratings
    )
    return replace(pipeline, inputs=inputs)
