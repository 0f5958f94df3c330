"""Inner splits: train parted once more, to learn or choose something without the held-out."""

from typing import TYPE_CHECKING

from tasks.core.vocabulary import Artifact
from tasks.evaluation.stages import Split, split_stage

if TYPE_CHECKING:
    from flows.pipeline import Pipeline

SEEDS_PER_SPLIT = 1000
"""So that inner splits of neighbouring seeds differ from each other and from the outer ones."""
LARGEST_SEED = 2**32 - 1
INNER = " inner "
"""In the name of an inner split's part, so that its work counts as that of re-ranking."""


def inner_seed(pipeline: "Pipeline", number: int) -> int:
    """The seed of a pipeline's inner split."""
    return (SEEDS_PER_SPLIT * (pipeline.settings.seed + 1) + number) % LARGEST_SEED


def inner_part(pipeline: "Pipeline", number: int) -> str:
    """What an inner split is called in the record."""
    return f"{pipeline.part}{INNER}{number}"


def inner_split(pipeline: "Pipeline", number: int) -> Split:
    """The pipeline's train ratings parted as the outer ones are; `number` counts from 0."""
    settings = pipeline.settings
    split: Split = pipeline.steps.run(
        split_stage,
        inner_part(pipeline, number),
        ratings=_before(pipeline, number),
        protocol=settings.inner_protocol,
        seed=inner_seed(pipeline, number),
        keep=settings.inner_keep,
        limit=settings.learn_users,
    )
    return split


def _before(pipeline: "Pipeline", number: int) -> Artifact:
    """All train ratings. No seed tells splits in time apart: each parts the train of the last."""
    if number and pipeline.settings.inner_protocol == "temporal":
        return inner_split(pipeline, number - 1).train
    return pipeline.inputs.ratings
