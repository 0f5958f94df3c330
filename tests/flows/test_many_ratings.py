"""What is too slow for so many ratings is left out of a list's sources, and that is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.lists import make_lists
from flows.measuring import most_measured
from tasks.core.artifacts import read_table
from tasks.core.progress import lines_to
from tasks.models.baselines.svd import Svd
from tasks.models.options import ModelOptions
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct
from tests.support.options import plain_settings

SOURCES: dict[str, Any] = {
    "reranker": "learned",
    "model": "ease",
    "sources": {"ease": 15, "svd": 5},
}


def test_a_source_is_left_out_beyond_its_most_ratings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted, told = {}, {}
    for most in (10**9, 100):
        monkeypatch.setattr(Svd, "most_ratings", most)
        home = tmp_path / str(most)
        settings, steps, lines = options(home, **SOURCES), Direct(home), list[str]()
        pipeline = pipeline_of(world(home / "data", settings), settings, steps)
        with lines_to(lines.append):
            made = make_lists(pipeline)
        assert made.lists.rows
        fitted[most] = {call.given["model"] for call in steps.of("train")}, "\n".join(lines)
        told[most] = made.fitted.passed_over
    assert fitted[10**9][0] == {"ease", "svd"} and "left out" not in fitted[10**9][1]
    assert fitted[100][0] == {"ease"}
    assert told[10**9] == ()
    assert told[100] == ("SVD proposes nothing: of so many ratings it would take long",)
    assert "left out, as it would take long for so many ratings: svd" in fitted[100][1]


def test_what_nothing_is_learned_from_stays_with_what_was_learned(tmp_path: Path) -> None:
    few = {"model_options": ModelOptions(ease_items=12), "learn_ratings": 100}
    settings, steps = options(tmp_path, **SOURCES | few), Direct(tmp_path)
    pipeline = pipeline_of(world(tmp_path / "data", settings), settings, steps)
    ratings = read_table(tmp_path, pipeline.inputs.ratings)
    told = (
        f"EASE looks at the 12 most rated of {ratings['item'].n_unique()} items",
        "the order and pairs of items are learned from a draw of people,"
        f" {100 / ratings.height:.0%} of all ratings",
    )
    fitted = make_lists(pipeline).fitted
    assert fitted.passed_over == told
    inputs = pipeline.inputs.model_copy(update={"fitted": fitted})
    assert make_lists(replace(pipeline, inputs=inputs)).fitted.passed_over == told


def test_the_base_model_is_never_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Svd, "most_ratings", 100)
    settings = options(tmp_path, model="svd", sources={"svd": 15, "ease": 5})
    pipeline = pipeline_of(world(tmp_path / "data", settings), settings, Direct(tmp_path))
    assert pipeline.left_out == () and set(pipeline.method.sources) == {"svd", "ease"}


def test_of_more_people_than_intervals_need_a_draw_is_measured_unless_told(tmp_path: Path) -> None:
    def most(**given: int) -> int:
        return most_measured(plain_settings(data="films", home=tmp_path, **given))

    assert most() == 20_000
    assert most(limit_users=500) == 500
    assert most(limit_users=500, measure_users=30_000) == 30_000
