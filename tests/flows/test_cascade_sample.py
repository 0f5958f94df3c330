"""Whom a language model is asked about to find out what it adds, and who ranks them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.cascade import draw, sampled
from flows.learning import learn
from flows.pipeline import Pipeline
from tasks.cascade.stages import HeadSample
from tasks.core.artifacts import read_table
from tasks.evaluation.stages import Split
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct

PAIR = ["user", "item"]
HEAD = 15


class Drawn:
    """A sample of a small world, and the calls that made it; texts are left out."""

    def __init__(self, home: Path, protocol: str, **given: Any) -> None:
        fixed: dict[str, Any] = {"model": "ease", "reranker": "learned", "without": ("language",)}
        fixed |= {"llm_head": HEAD, "llm_sample": 20}
        self.settings = options(home, protocol=protocol, **fixed | given)
        self.steps = Direct(home)
        self.pipeline: Pipeline = pipeline_of(
            world(home / "data", self.settings), self.settings, self.steps
        )
        learned = learn(self.pipeline)
        self.sample: HeadSample
        self.sample, self.asking = draw(self.pipeline, learned)
        (self.call,) = self.steps.of("draw heads")
        self.heads = self.read(self.sample.heads)

    def read(self, artifact: Any) -> pl.DataFrame:
        return read_table(self.settings.home, artifact)


@pytest.mark.parametrize("protocol", ["split", "temporal", "user-split"])
def test_the_ranker_of_the_sample_has_not_learned_from_what_it_is_judged_on(
    tmp_path: Path, protocol: str
) -> None:
    drawn = Drawn(tmp_path, protocol)
    learned_from = drawn.call.given["ranker"].learned.weights.data
    assert learned_from and drawn.call.given["table"].sha256 not in learned_from
    held_out, train = (
        drawn.read(drawn.call.given["held_out"]),
        drawn.read(drawn.call.given["ratings"]),
    )
    assert held_out.join(train, on=PAIR, how="semi").is_empty()
    splits: list[Split] = drawn.steps.made["split"]
    newest = splits[0].held_out if drawn.pipeline.forward else splits[-1].held_out
    assert drawn.call.given["held_out"] == newest
    if drawn.pipeline.forward:
        assert held_out["timestamp"].min() > train["timestamp"].max()  # type: ignore[operator]


def test_heads_are_the_first_places_with_what_is_asked_about_and_known(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path, "split")
    heads = drawn.heads
    assert set(heads.group_by("user").len()["len"]) == {HEAD}
    assert heads.group_by("user").agg(pl.col("held_out").any())["held_out"].all()
    held_out = drawn.read(drawn.call.given["held_out"])
    hits = heads.join(held_out, on=PAIR, how="semi").sort(PAIR).select(PAIR)
    assert heads.filter("held_out").sort(PAIR).select(PAIR).equals(hits)
    counted = held_out.group_by("user").len()
    joined = heads.join(counted, on="user")
    assert (joined["relevant"] == joined["len"]).all()
    for _, mine in heads.group_by("user"):
        assert mine["score"].is_sorted(descending=True)
    asked = drawn.read(drawn.asking.inputs.users)["user"]
    assert asked.to_list() == sorted(set(heads["user"]))
    assert drawn.asking.inputs.ratings == drawn.call.given["ratings"]


def test_too_few_people_are_not_enough(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path, "split")
    assert drawn.sample.users.rows < 40
    sample, _ = sampled(drawn.pipeline, drawn.call.given["ranker"].learned)
    assert sample and not sample.enough
