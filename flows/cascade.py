"""The cascade: a language model judges the head of each learned list, where that has shown to help.

What it adds is measured on the newest inner split, for people whose held-out ratings are known, in
the order of a ranker that has not seen them.
"""

from dataclasses import replace

from flows.learning import inner_pipeline, labelled_table, learn_on
from flows.pipeline import Inputs, Pipeline, item_texts
from tasks.cascade.sample import HeadSample, head_sample_stage
from tasks.core.vocabulary import Artifact
from tasks.ranking.blend import Learned
from tasks.ranking.rankers import LearnedRanker

TREES_NEED = 2
"""Inner splits without which no trees are grown: one to learn from, one to stop by."""


def sampled(pipeline: Pipeline, learned: Learned) -> tuple[HeadSample, Pipeline]:
    """People to ask about and their heads, and the pipeline that knows what was known of them.

    By time the newest split is theirs, and the ranker is that of the older ones. Where nothing
    comes before anything else, it is one more split than tonight's order was `learned` from.
    """
    if pipeline.forward:
        number, older = 0, range(1, pipeline.inner_splits)
        trees = pipeline.method.learn_trees and len(older) >= TREES_NEED
        learned = learn_on(pipeline, older, trees=trees)
    else:
        number = pipeline.inner_splits
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


def asking_about(pipeline: Pipeline, users: Artifact) -> Pipeline:
    """The pipeline of these users alone, which asks about pairs of theirs."""
    inputs = pipeline.inputs
    return replace(
        pipeline,
        inputs=Inputs(
            ratings=inputs.ratings,
            users=users,
            typed=inputs.typed,
            everybody=inputs.all_ratings,
        ),
    )
