"""Inner splits part the train ratings of a pipeline once more, each in another way."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows.candidates import propose
from flows.inner import inner_part, inner_seed, inner_split, to_learn_from
from flows.learning import inner_pipeline
from tasks.core.artifacts import read_table, write_table
from tasks.evaluation.splits import windows
from tasks.evaluation.splits.windows import window_of
from tasks.evaluation.stages import Split
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct

PAIR = ["user", "item"]


class Parted:
    """The inner splits under a protocol, or three of them where it has no windows."""

    def __init__(self, home: Path, protocol: str, **given: object) -> None:
        self.settings = options(home, protocol=protocol, **given)
        self.steps, self.world = Direct(home), world(home / "data", self.settings)
        self.pipeline = pipeline_of(self.world, self.settings, self.steps)
        self.train = self.world.parts.train.sort(PAIR)
        self.splits = [
            inner_split(self.pipeline, number) for number in range(len(self.pipeline.windows) or 3)
        ]
        self.sides = [(self.read(one, "train"), self.read(one, "held_out")) for one in self.splits]

    def read(self, split: Split, side: str) -> pl.DataFrame:
        return read_table(self.settings.home, getattr(split, side)).sort(PAIR)


def together(*sides: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(sides).sort(PAIR)


@pytest.mark.parametrize("enough", [20, 15])
def test_in_time_of_few_people_each_split_is_of_an_earlier_window_than_the_one_before(
    enough: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They suffice for no window, or for one alone."""
    monkeypatch.setattr(windows, "ENOUGH_PEOPLE", enough)
    parted = Parted(tmp_path, "temporal")
    assert not parted.pipeline.windows
    before = parted.train
    for train, held_out in parted.sides:
        assert together(train, held_out).equals(before)
        moment = held_out["timestamp"].sort()[0]
        assert (train["timestamp"] < moment).all()
        assert held_out.height > 10
        before = train


def test_in_time_of_enough_people_all_windows_end_with_train(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "ENOUGH_PEOPLE", 3)
    parted = Parted(tmp_path, "temporal")
    found = parted.pipeline.windows
    assert parted.pipeline.forward and parted.pipeline.inner_protocol == "horizon"
    newest = int(parted.train.select(pl.col("timestamp").max()).item())
    assert len(found) > 1 and {one.end for one in found} == {newest + 1}
    assert [one.days for one in found] == sorted({one.days for one in found})
    for window, (train, held_out) in zip(found, parted.sides, strict=True):
        assert together(train, held_out).equals(parted.train)
        assert (train["timestamp"] < window.start).all()
        assert (held_out["timestamp"] >= window.start).all() and held_out.height


def test_per_user_in_time_each_split_parts_the_train_of_the_one_before(tmp_path: Path) -> None:
    parted = Parted(tmp_path, "user-temporal")
    before = parted.train
    for train, held_out in parted.sides:
        assert together(train, held_out).equals(before) and held_out.height
        latest = train.group_by("user").agg(pl.col("timestamp").max().alias("latest"))
        joined = held_out.join(latest, on="user")
        assert (joined["timestamp"] >= joined["latest"]).all()
        before = train


@pytest.mark.parametrize("protocol", ["loo", "split", "user-split", "cold-user"])
def test_otherwise_each_parts_all_of_train_in_its_own_way(protocol: str, tmp_path: Path) -> None:
    parted = Parted(tmp_path, protocol, learn_users=9)
    held = [held_out for _, held_out in parted.sides]
    assert max(split.users.rows for split in parted.splits) <= 9
    for train, held_out in parted.sides:
        assert together(train, held_out).join(parted.train, on=PAIR, how="anti").is_empty()
        assert train.join(held_out, on=PAIR, how="semi").is_empty()
    assert not any(one.equals(other) for one, other in zip(held, [*held[1:], held[0]], strict=True))
    assert all(
        call.given["ratings"] == parted.pipeline.inputs.ratings for call in parted.steps.calls
    )


def test_seeds_and_names_tell_splits_apart_whatever_the_outer_seed(tmp_path: Path) -> None:
    seeds, names = set(), set()
    for outer in (0, 1, 2**31):
        settings = options(tmp_path, seed=outer)
        pipeline = pipeline_of(world(tmp_path / "data", settings), settings, Direct(tmp_path))
        seeds |= {inner_seed(pipeline, number) for number in range(20)}
        names |= {inner_part(pipeline, number) for number in range(20)}
    assert len(seeds) == 60 and max(seeds) < 2**32 and not seeds & {0, 1, 2**31}
    assert len(names) == 20 and "outer inner 19" in names


def test_on_windows_each_split_holds_out_the_window_before(tmp_path: Path) -> None:
    settings = options(tmp_path, protocol="horizon", horizon=5, learn_windows=3)
    steps, made = Direct(tmp_path), world(tmp_path / "data", settings)
    outer = window_of(made.ratings, None, 5)
    pipeline = pipeline_of(made, settings, steps, outer)
    assert [one.end for one in pipeline.windows] == [outer.earlier(n).end for n in (1, 2, 3)]
    assert pipeline.forward and pipeline.inner_splits == 3
    for number, window in enumerate(pipeline.windows):
        split = inner_split(pipeline, number)
        train = read_table(tmp_path, split.train)["timestamp"].sort()
        held_out = read_table(tmp_path, split.held_out)["timestamp"].sort()
        assert train[-1] < window.start <= held_out[0]
        assert held_out[-1] < window.end <= outer.start


def test_who_first_rated_in_a_window_is_learned_from_too(tmp_path: Path) -> None:
    settings = options(tmp_path, protocol="horizon", horizon=5, learn_windows=3)
    steps, made = Direct(tmp_path), world(tmp_path / "data", settings)
    pipeline = pipeline_of(made, settings, steps, window_of(made.ratings, None, 5))
    before = pl.col("timestamp") < pipeline.windows[0].start
    train = read_table(tmp_path, pipeline.inputs.ratings)
    person = inner_split(pipeline, 0).users
    stranger = pl.col("user") == read_table(tmp_path, person)["user"][0]
    ratings = write_table(tmp_path, "train", train.filter(~(stranger & before)))
    inputs = pipeline.inputs.model_copy(update={"ratings": ratings})
    split = inner_split(replace(pipeline, inputs=inputs), 0)
    assert split.users == person
    assert read_table(tmp_path, split.train).filter(stranger).is_empty()


@pytest.mark.parametrize("protocol", ["split", "horizon"])
def test_of_too_many_ratings_those_of_some_people_are_learned_from(
    protocol: str, tmp_path: Path
) -> None:
    given = {"horizon": 5, "learn_windows": 3} if protocol == "horizon" else {}
    settings = options(tmp_path, protocol=protocol, learn_ratings=100, **given)
    steps, made = Direct(tmp_path), world(tmp_path / "data", settings)
    outer = window_of(made.ratings, None, 5) if protocol == "horizon" else None
    pipeline = pipeline_of(made, settings, steps, outer)
    everybody = read_table(tmp_path, pipeline.inputs.ratings)
    drawn, share = to_learn_from(pipeline, pipeline.inputs.ratings)
    some = read_table(tmp_path, drawn)
    assert 60 < some.height <= 100 < everybody.height
    assert share == some.height / everybody.height
    whole = everybody.filter(pl.col("user").is_in(some["user"].unique().implode()))
    assert some.equals(whole)
    split, inner = inner_pipeline(pipeline, 0)
    for table in (split.train, split.held_out, inner.inputs.ratings):
        rows = read_table(tmp_path, table)
        assert rows.height and rows.join(some, on=PAIR, how="anti").is_empty()
    assert inner.inputs.share == share
    propose(inner)
    (fitted,) = steps.of("train")
    assert fitted.given["share"] == share and fitted.given["ratings"] == inner.inputs.ratings


def test_all_ratings_are_learned_from_where_they_are_few_enough(tmp_path: Path) -> None:
    parted = Parted(tmp_path, "split")
    ratings = parted.pipeline.inputs.ratings
    assert to_learn_from(parted.pipeline, ratings) == (ratings, None)
    assert inner_pipeline(parted.pipeline, 0)[1].inputs.share is None
