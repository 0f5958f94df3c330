"""A world of few ratings and a pipeline on its train ratings, without Prefect."""

from pathlib import Path
from typing import Any

import polars as pl

from flows.pipeline import Inputs, Pipeline
from tasks.core.artifacts import write_table
from tasks.evaluation.splits.windows import Window
from tasks.settings.evaluation import EvaluationSettings
from tests.support.datasets import write_generic
from tests.support.direct import Direct
from tests.support.options import plain_evaluation
from tests.support.worlds import World, dataset_of, world_of


def options(home: Path, **given: Any) -> EvaluationSettings:
    """One seed of the split protocol, with small lists."""
    few: dict[str, Any] = {"data": "films", "seeds": 1, "protocol": "split"}
    few |= {} if "sources" in given else {"search_count": 20}
    return plain_evaluation(**few | {"home": home} | given)


def world(folder: Path, settings: EvaluationSettings) -> World:
    """20 people and 45 items, parted under the protocol of the settings."""
    return world_of(write_generic(folder, users=20, items=45, per_user=14), settings)


def pipeline_of(
    world: World, settings: EvaluationSettings, steps: Direct, outer: Window | None = None
) -> Pipeline:
    """What a cell of these settings ranks with."""
    parts, home = world.parts, settings.home
    fresh = parts.new_items
    inputs = Inputs(
        ratings=write_table(home, "train", parts.train),
        users=write_table(home, "users", pl.DataFrame(parts.users)),
        new_items=None if fresh is None else write_table(home, "new_items", pl.DataFrame(fresh)),
    )
    return Pipeline.of(steps.at("outer"), settings, dataset_of(home, world), inputs, outer)
