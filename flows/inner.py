"""Inner splits: train parted once more, to learn or choose something without the held-out."""

from flows.pipeline import Pipeline
from tasks.core.protocols import PROTOCOLS
from tasks.core.vocabulary import Artifact
from tasks.evaluation.stages import Split, split_stage
from tasks.models.stages import people_stage

SEEDS_PER_SPLIT = 1000
"""So that inner splits of neighbouring seeds differ from each other and from the outer ones."""
LARGEST_SEED = 2**32 - 1
INNER = " inner "
"""In the name of an inner split's part, so that its work counts as that of re-ranking."""


def inner_seed(pipeline: Pipeline, number: int) -> int:
    """The seed of a pipeline's inner split.

    Windows of time differ by themselves. They share the pipeline's seed, so that what is made of
    one serves every night that learns from it, and the night that ended where it starts.
    """
    if pipeline.windows:
        return pipeline.seed
    return (SEEDS_PER_SPLIT * (pipeline.seed + 1) + number) % LARGEST_SEED


def inner_part(pipeline: Pipeline, number: int) -> str:
    """What an inner split is called in the record."""
    return f"{pipeline.steps.part}{INNER}{number}"


def inner_split(pipeline: Pipeline, number: int) -> Split:
    """The pipeline's train ratings parted as the outer ones are; `number` counts from 0."""
    method = pipeline.method
    return pipeline.steps.at(inner_part(pipeline, number)).run(
        split_stage,
        ratings=_before(pipeline, number),
        protocol=pipeline.inner_protocol,
        seed=inner_seed(pipeline, number),
        keep=pipeline.inner_keep,
        limit=method.learn_window_users if pipeline.forward else method.learn_users,
        window=pipeline.windows[number] if pipeline.windows else None,
        newcomers=bool(pipeline.windows),  # lists are made for people who have rated nothing, too
    )


def to_learn_from(pipeline: Pipeline, ratings: Artifact) -> tuple[Artifact, float | None]:
    """All of these or, where there are too many, those of a draw of people; and their share.

    The share is None where it is all.
    """
    most = pipeline.method.learn_ratings
    if ratings.rows <= most:
        return ratings, None
    drawn = pipeline.steps.run(people_stage, ratings=ratings, count=most, seed=pipeline.seed)
    return drawn, drawn.rows / ratings.rows


def _before(pipeline: Pipeline, number: int) -> Artifact:
    """What is learned from. No seed tells splits by time apart: each parts the last one's train."""
    if number and PROTOCOLS[pipeline.inner_protocol].by_time and not pipeline.windows:
        return inner_split(pipeline, number - 1).train
    ratings, _ = to_learn_from(pipeline, pipeline.inputs.ratings)
    return ratings
