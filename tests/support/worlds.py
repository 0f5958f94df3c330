"""Two worlds that differ in nothing but what is held out, and what a flow makes of each."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import polars as pl
import pytest
from prefect import flow
from prefect.settings import PREFECT_TASKS_REFRESH_CACHE, temporary_settings

from flows import cells
from tasks.core.artifacts import write_table
from tasks.core.files import sha256_of
from tasks.core.flow_steps import FlowSteps
from tasks.core.stage import Stage, stage
from tasks.core.steps import StageRecord, Steps
from tasks.core.vocabulary import Artifact, Dataset, DatasetInfo, ProtocolName
from tasks.evaluation.cell import Cell, CellResult
from tasks.evaluation.splits.parts import Parts
from tasks.evaluation.splits.protocols import split
from tasks.evaluation.splits.windows import Window, window_of
from tasks.evaluation.stages import Split
from tasks.settings.evaluation import EvaluationSettings
from tests.support.direct import Call, Made, made_of
from tests.support.in_process import flows_in

P = ParamSpec("P")
R = TypeVar("R")

FILMS = DatasetInfo(
    name="films",
    noun="film",
    noun_plural="films",
    scale=(0.5, 5.0),
    relevant_at=4.0,
    source="tests",
    terms="none",
)
PAIR = ["user", "item"]


@dataclass(frozen=True)
class World:
    """All ratings and tags, the catalogue, and how the ratings are parted."""

    ratings: pl.DataFrame
    tags: pl.DataFrame
    items: pl.DataFrame
    parts: Parts

    def with_external(self, quality: pl.Series, votes: pl.Series) -> "World":
        """The same with other ratings and votes in the catalogue."""
        items = self.items.with_columns(quality.alias("quality"), votes.alias("votes"))
        return World(self.ratings, self.tags, items, self.parts)


def world_of(data: Path, settings: EvaluationSettings) -> World:
    """A generic folder's ratings, tags of most rated pairs, and a catalogue with figures."""
    random = np.random.default_rng(11)
    ratings = pl.read_parquet(data / "ratings.parquet").sort(PAIR)
    items = (
        pl.read_parquet(data / "items.parquet")
        .sort("item")
        .with_columns(pl.col("year").cast(pl.Int32), tmdb_id=pl.lit(None, pl.Int64))
    )
    quality = pl.Series(random.uniform(1, 10, items.height))
    votes = pl.Series(random.integers(0, 10**6, items.height))
    tagged = ratings.filter(pl.Series(random.random(ratings.height) < 0.7))
    window = window_of(ratings, settings.known_until, settings.horizon)
    parts = split(ratings, settings.splits_by, settings.seed, settings.keep, window)
    world = World(ratings, _tags(tagged, "tagged"), items, parts)
    return world.with_external(quality, votes)


def with_other_held_out(world: World, seed: int, later: int = 10**8) -> World:
    """Of the held-out ratings a third is gone, the others have changed, and there are new ones.

    Their tags too; train and who is tested are the same.
    """
    random, parts = np.random.default_rng(seed), world.parts
    kept = parts.held_out.filter(pl.Series(random.random(parts.held_out.height) < 2 / 3))
    changed = kept.with_columns(
        rating=5.5 - pl.col("rating"), timestamp=pl.col("timestamp") + later
    )
    held_out = pl.concat([changed, _unrated(world, random)]).sort(PAIR)
    told = world.tags.join(parts.train, on=PAIR, how="semi")
    return World(
        pl.concat([parts.train, held_out]).sort(PAIR),
        pl.concat([told, _tags(held_out, "changed")]),
        world.items,
        Parts(parts.train, held_out, parts.users, parts.new_items, parts.skipped),
    )


def _unrated(world: World, random: np.random.Generator) -> pl.DataFrame:
    """A rating of one item that they have not rated for every user who is tested."""
    pairs = pl.DataFrame(world.parts.users).join(world.items.select("item"), how="cross")
    free = pairs.join(world.ratings, on=PAIR, how="anti").sort(PAIR)
    shuffled = free.with_columns(draw=pl.Series(random.random(free.height))).sort("draw")
    chosen = shuffled.unique("user", keep="first", maintain_order=True).select(PAIR)
    rated = {"rating": pl.lit(5.0), "timestamp": pl.lit(1_500_000_000, pl.Int64)}
    return chosen.with_columns(**rated).select(world.ratings.columns)


def _tags(pairs: pl.DataFrame, word: str) -> pl.DataFrame:
    return pairs.select(*PAIR, tag=pl.format("{} {} by {}", pl.lit(word), "item", "user"))


class Recording(FlowSteps):
    """Steps that keep what every stage was given and what it gave."""

    def __init__(
        self,
        home: Path,
        part: str = "",
        records: list[StageRecord] | None = None,
        calls: list[Call] | None = None,
    ) -> None:
        super().__init__(home, part, records)
        self.calls: list[Call] = [] if calls is None else calls

    def at(self, part: str) -> "Recording":
        return Recording(self.home, part, self.records, self.calls)

    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        result = super().run(stage, *args, **kwargs)
        given = stage.parameters(self.home, *args, **kwargs)
        self.calls.append(Call(stage.name, self.part, given, result))
        return result

    def _run_each(self, stage: Stage[..., Artifact], calls: list[dict[str, Any]]) -> list[Artifact]:
        results = super()._run_each(stage, calls)
        for given, result in zip(calls, results, strict=True):
            self.calls.append(Call(stage.name, self.part, given, result))
        return results

    @property
    def made(self) -> Made:
        """What every stage gave."""
        return made_of(self.calls)


class Laboratory:
    """Measures a method in worlds: every stage anew, nothing from a cache."""

    def __init__(self, home: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.server, self.monkeypatch = home, server, monkeypatch

    def measure(self, settings: EvaluationSettings, *worlds: World) -> list[Made]:
        """What every stage of one cell gave, in each world."""
        made = []

        @flow(name="worlds")
        def each() -> None:
            for world in worlds:
                steps = Recording(self.home)
                measure_in(world, settings, steps, self.monkeypatch)
                made.append(steps.made)

        fresh = {PREFECT_TASKS_REFRESH_CACHE: True}
        with flows_in(self.home, self.server), temporary_settings(fresh):
            each()
        return made


def measure_in(
    world: World, settings: EvaluationSettings, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> CellResult:
    """One cell of these settings, by these steps, in this world."""
    monkeypatch.setattr(cells, "split_stage", _told(settings.home, world.parts))
    known = {settings.data: dataset_of(settings.home, world)}
    return cells.Evaluation(steps, known).measure(Cell(label="method", settings=settings))


def moved(one: Made, other: Made) -> set[str]:
    """The stages that gave something else; both worlds must have gone through the same ones."""
    assert {name: len(results) for name, results in one.items()} == {
        name: len(results) for name, results in other.items()
    }
    return {name for name in one if one[name] != other[name]}


def dataset_of(home: Path, world: World) -> Dataset:
    """The world as it would have been ingested."""
    return Dataset(
        info=FILMS,
        ratings=write_table(home, "ratings", world.ratings),
        items=write_table(home, "items", world.items),
        tags=write_table(home, "tags", world.tags),
        users=world.ratings["user"].n_unique(),
        dropped={},
    )


def _told(
    home: Path, parts: Parts
) -> Stage[[Artifact, ProtocolName, int, int, int | None, Window | None, Artifact | None], Split]:
    """A stage that parts the ratings as told, whatever it is given."""
    made = Split(
        train=write_table(home, "train", parts.train),
        train_users=parts.train["user"].n_unique(),
        held_out=write_table(home, "held_out", parts.held_out),
        users=write_table(home, "users", pl.DataFrame(parts.users)),
        new_items=None
        if parts.new_items is None
        else write_table(home, "new_items", pl.DataFrame(parts.new_items)),
        skipped=parts.skipped,
    )

    @stage("hold out as told", sha256_of(made.held_out.at(home)), role="figures")
    def as_told(
        home: Path,
        ratings: Artifact,
        protocol: ProtocolName,
        seed: int,
        keep: int,
        limit: int | None,
        window: Window | None,
        given: Artifact | None = None,
    ) -> Split:
        return made

    return as_told
