"""Options of base models are chosen on inner splits, and used by whatever is fitted later."""

from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pytest

from flows.lists import make_lists
from flows.pipeline import Pipeline
from flows.tuning import tuned
from tasks.core.artifacts import read_table
from tasks.core.stage import Stage
from tasks.evaluation.splits.windows import window_of
from tasks.models.options import choices
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Call, Direct
from tests.support.worlds import measure_in, moved, with_other_held_out

EASE, ALS = "ease_regularization", "als_regularization"


P = ParamSpec("P")
R = TypeVar("R")


class Scripted(Direct):
    """Steps that measure nothing for `tune`, but give these figures, one after the other."""

    def __init__(
        self, home: Path, *figures: Any, part: str = "", calls: list[Call] | None = None
    ) -> None:
        super().__init__(home, part, calls)
        self.figures: Any = figures[0] if calls is not None else list(figures)

    def at(self, part: str) -> "Scripted":
        return Scripted(self.home, self.figures, part=part, calls=self.calls)

    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        if stage.name != "tune":
            return super().run(stage, *args, **kwargs)
        given, gave = stage.parameters(self.home, *args, **kwargs), self.figures.pop(0)
        self.calls.append(Call(stage.name, self.part, given, gave))
        return gave  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def few_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choices(), EASE, ("ease", (1.0, 4.0, 500.0)))
    monkeypatch.setitem(choices(), ALS, ("als", (1.0, 30.0)))


def scripted(home: Path, *figures: list[float], **given: Any) -> tuple[Pipeline, Scripted]:
    """The pipeline that is chosen where `tune` measures these figures."""
    settings = options(home, **{"model": "ease", "tune": (EASE,), "learn_splits": 2} | given)
    steps = Scripted(home, *figures)
    return tuned(pipeline_of(world(home / "data", settings), settings, steps)), steps


def test_the_choice_is_the_one_that_is_best_over_all_inner_splits(tmp_path: Path) -> None:
    """Each split has another favourite than both together."""
    chosen, steps = scripted(tmp_path, [0.5, 0.4, 0.0], [0.0, 0.4, 0.5])
    assert chosen.method.model_options.of("ease")["regularization"] == 4.0
    unset = {"model_options": options(tmp_path).method.model_options}
    before = options(tmp_path, model="ease", tune=(EASE,), learn_splits=2)
    assert chosen.method.model_copy(update=unset) == before.method
    splits = [call.gave for call in steps.of("split")]
    assert len(splits) == len(steps.of("tune")) == 2
    for split, call in zip(splits, steps.of("tune"), strict=True):
        assert call.given["split"] == split
        tried = [one["regularization"] for one in call.given["tried"]]
        assert tried == [1.0, 4.0, 500.0]
        assert call.given["model"] == "ease" and call.given["relevant_at"] is None
        assert call.given["liked_from"] == 4.0


def test_each_option_is_tried_with_the_choices_before_it(tmp_path: Path) -> None:
    named = {"tune": ("als_alpha", ALS, EASE), "sources": {"ease": 10, "als": 10}}
    figures = [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0], [0.0, 0.0, 1.0]]
    chosen, steps = scripted(tmp_path, *figures, learn_splits=1, **named)
    of = chosen.method.model_options.of
    assert (of("als")["alpha"], of("als")["regularization"]) == (10, 1)
    assert of("ease")["regularization"] == 500
    alphas, regularizations, _ = (call.given["tried"] for call in steps.of("tune"))
    assert [one["alpha"] for one in alphas] == list(choices()["als_alpha"][1])
    assert {one["regularization"] for one in alphas} == {30.0}, "the default, not yet chosen"
    assert [(one["alpha"], one["regularization"]) for one in regularizations] == [(10, 1), (10, 30)]


def test_what_is_liked_is_the_target_where_that_is_to_be_learned(tmp_path: Path) -> None:
    _, steps = scripted(tmp_path, [1, 0, 0], learn_splits=1, learn_target="liked")
    assert steps.of("tune")[0].given["relevant_at"] == 4.0


@pytest.mark.parametrize("given", [{"tune": ()}, {"tune": (ALS,)}, {"protocol": "cold-item"}])
def test_nothing_is_chosen_unasked_or_for_a_model_that_is_no_source_or_for_new_items(
    given: dict[str, Any], tmp_path: Path
) -> None:
    chosen, steps = scripted(tmp_path, **given)
    assert chosen.method.model_options == options(tmp_path).method.model_options
    assert not steps.calls


def test_a_span_of_time_is_chosen_on_the_windows_before_the_judged_one(tmp_path: Path) -> None:
    """Days are whole numbers, and what is fitted afterwards counts as many as were chosen."""
    settings = options(
        tmp_path,
        protocol="horizon",
        horizon=5,
        learn_windows=3,
        model="popular-lately",
        tune=("popular_lately_days",),
        reranker="none",
    )
    known = world(tmp_path / "data", settings)
    outer = window_of(known.ratings, None, 5)
    steps = Direct(tmp_path)
    pipeline = pipeline_of(known, settings, steps, outer)
    make_lists(pipeline)
    judged = [call.given["split"] for call in steps.of("tune")]
    ends = [window.end for window in pipeline.windows]
    assert ends == sorted(ends, reverse=True) and ends[0] <= outer.start
    for split, window in zip(judged, pipeline.windows, strict=True):
        train, held_out = (read_table(tmp_path, one) for one in (split.train, split.held_out))
        assert (train["timestamp"] < window.start).all()
        assert held_out["timestamp"].is_between(window.start, window.end, closed="left").all()
    tried = [one["days"] for one in steps.of("tune")[0].given["tried"]]
    assert tried == [7, 14, 30, 90, 180] and all(type(days) is int for days in tried)
    means = np.mean([call.gave for call in steps.of("tune")], axis=0)
    assert len(set(means)) > 1, "or this test tells nothing"
    best = tried[int(np.argmax(means))]
    assert [call.given["model_options"] for call in steps.of("train")] == [{"days": best}]
    assert type(steps.of("train")[0].given["model_options"]["days"]) is int


def test_all_that_is_fitted_afterwards_is_fitted_as_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(choices(), EASE, ("ease", (2.0, 9.0)))
    settings = options(
        tmp_path,
        model="ease",
        sources={"ease": 20, "popularity": 10},
        tune=(EASE,),
        reranker="learned",
        without=("language",),
    )
    steps = Direct(tmp_path)
    measure_in(world(tmp_path / "data", settings), settings, steps, monkeypatch)
    figures = np.mean([call.gave for call in steps.of("tune")], axis=0)
    best = choices()[EASE][1][int(np.argmax(figures))]
    assert figures[0] != figures[1], "or this test tells nothing"
    fitted = [call for call in steps.of("train") if call.given["model"] == "ease"]
    assert [call.part.partition(" inner ")[2] for call in fitted] == ["", "0", "1"]
    assert [call.given["model_options"]["regularization"] for call in fitted] == [best] * 3
    assert [call.given["liked_from"] for call in fitted] == [4.0] * 3


def test_a_night_fits_its_base_model_as_chosen(tmp_path: Path) -> None:
    settings = options(tmp_path, model="ease", tune=(EASE,), learn_splits=1, reranker="none")
    steps = Scripted(tmp_path, [0, 1, 0])
    make_lists(pipeline_of(world(tmp_path / "data", settings), settings, steps))
    fitted = [call.given["model_options"]["regularization"] for call in steps.of("train")]
    assert fitted == [4.0]


@pytest.mark.parametrize("protocol", ["loo", "split", "temporal", "cold-user"])
def test_other_held_out_ratings_choose_nothing_else(
    protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = options(
        tmp_path, protocol=protocol, model="ease", tune=(EASE,), learn_splits=1, reranker="none"
    )
    one = world(tmp_path / "data", settings)
    made = []
    for some in (one, with_other_held_out(one, 0)):
        steps = Direct(tmp_path)
        measure_in(some, settings, steps, monkeypatch)
        made.append(steps.made)
    assert {"tune", "train", "find candidates", "rank"} <= made[0].keys()
    assert moved(*made) - {"find examples"} == {
        "hold out as told",
        "measure",
        "summarise",
    }
