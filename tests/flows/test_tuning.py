"""Options of base models are chosen on inner splits, and used by whatever is fitted later."""

from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pytest

from flows.pipeline import Pipeline
from flows.ranking import make_lists
from flows.tuning import tuned
from tasks.core.stage import Stage
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
        assert call.given["ratings"] == split.train
        assert (call.given["held_out"], call.given["users"]) == (split.held_out, split.users)
        assert call.given["tried"] == [{"regularization": value} for value in (1.0, 4.0, 500.0)]
        assert call.given["model"] == "ease" and call.given["relevant_at"] is None


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
    assert [call.given["model_options"] for call in fitted] == [{"regularization": best}] * 3


def test_a_night_fits_its_base_model_as_chosen(tmp_path: Path) -> None:
    settings = options(tmp_path, model="ease", tune=(EASE,), learn_splits=1, reranker="none")
    steps = Scripted(tmp_path, [0, 1, 0])
    make_lists(pipeline_of(world(tmp_path / "data", settings), settings, steps))
    assert [call.given["model_options"] for call in steps.of("train")] == [{"regularization": 4.0}]


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
