"""Whatever is held out may move what is measured, and nothing before that.

Each test runs a whole cell twice, every stage anew, in worlds that differ in held-out ratings and
their tags alone, and looks at which stages gave something else.
"""

from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest

from tasks.core.vocabulary import PlainProtocolName
from tasks.evaluation.splits.parts import Parts
from tasks.settings.evaluation import EvaluationSettings
from tests.support.datasets import write_generic
from tests.support.options import plain_evaluation
from tests.support.worlds import Laboratory, World, moved, with_other_held_out, world_of

PROTOCOLS = get_args(PlainProtocolName)
HELD_OUT_IS_SEEN = {"hold out as told", "measure", "summarise"}
MAY_MOVE = {"measure all lists", "find examples"}
"""The first where the base model estimates ratings: their errors see what is held out."""

WINDOW = {"as_of": "1010000000", "horizon": 20}
"""Of `horizon`: which days are held out then does not hang on the times of what is."""

ALL_SIGNALS = {"external_quality": 1, "external_votes": 1}
UPSTREAM = {"make profiles", "write item texts", "score", "rank", "diversify"}
LEARNED = {"make features", "learn to rank", "rank"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("films"), users=16, items=40, per_user=16)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def laboratory(home: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Laboratory:
    return Laboratory(home, server, monkeypatch)


def options(home: Path, **given: Any) -> EvaluationSettings:
    small: dict[str, Any] = {"data": "films", "seeds": 1, "search_count": 25, "learn_splits": 1}
    small["diversity"] = 0.2
    return plain_evaluation(home=home, weights=ALL_SIGNALS, **small, **given)


@pytest.mark.parametrize(
    ("protocol", "reranker"),
    [
        *((protocol, "weighted") for protocol in PROTOCOLS),
        *(
            (protocol, "learned")
            for protocol in ("loo", "split", "temporal", "horizon", "cold-item")
        ),
    ],
)
def test_other_held_out_ratings_and_tags_move_nothing_but_what_is_measured(
    protocol: str, reranker: str, laboratory: Laboratory, data: Path
) -> None:
    seed = PROTOCOLS.index(protocol)
    window = WINDOW if protocol == "horizon" else {}
    settings = options(laboratory.home, protocol=protocol, reranker=reranker, seed=seed, **window)
    world = world_of(data, settings)
    other = with_other_held_out(world, seed, later=0 if window else 10**8)
    assert world.parts.train.equals(other.parts.train)
    one, two = laboratory.measure(settings, world, other)
    assert moved(one, two) - MAY_MOVE == HELD_OUT_IS_SEEN
    if reranker == "weighted":
        assert one.keys() >= UPSTREAM
        assert protocol == "cold-item" or {"train", "find candidates"} <= one.keys()


@pytest.mark.parametrize(
    ("protocol", "reranker"),
    [
        ("temporal", "weighted"),
        ("temporal", "learned"),
        ("cold-item", "weighted"),
        ("loo", "weighted"),
        ("loo", "learned"),
    ],
)
def test_what_the_catalogue_collected_later_moves_nothing_where_time_counts(
    protocol: str, reranker: str, laboratory: Laboratory, data: Path
) -> None:
    settings = options(laboratory.home, protocol=protocol, reranker=reranker)
    world = world_of(data, settings)
    other = world.with_external(11 - world.items["quality"], 10**6 - world.items["votes"])
    changed = moved(*laboratory.measure(settings, world, other))
    if protocol != "loo":
        assert not changed
    elif reranker == "weighted":
        assert {"write item texts", "rank", "measure"} <= changed
    else:
        assert changed >= LEARNED


def test_the_ceiling_alone_sees_what_is_held_out(laboratory: Laboratory, data: Path) -> None:
    for reranker, sees in (("oracle", {"rank"}), ("random", set[str]())):
        settings = options(laboratory.home, protocol="split", reranker=reranker)
        world = world_of(data, settings)
        other = with_other_held_out(world, 0)
        one, two = laboratory.measure(settings, world, other)
        assert moved(one, two) - MAY_MOVE == HELD_OUT_IS_SEEN | sees


@pytest.mark.parametrize("reranker", ["weighted", "learned"])
def test_a_pipeline_that_is_shown_everything_is_found_out(
    reranker: str, laboratory: Laboratory, data: Path
) -> None:
    """The same comparison, with the held-out ratings fed to the pipeline on purpose."""
    settings = options(laboratory.home, protocol="split", reranker=reranker)
    world = world_of(data, settings)
    leaky, other = (_shown_everything(some) for some in (world, with_other_held_out(world, 0)))
    changed = moved(*laboratory.measure(settings, leaky, other))
    assert {"train", "find candidates", "write item texts"} <= changed
    if reranker == "weighted":
        assert changed >= UPSTREAM
    else:
        assert changed >= {"split", *LEARNED}


def _shown_everything(world: World) -> World:
    parts = world.parts
    train = pl.concat([parts.train, parts.held_out]).sort("user", "item")
    told = Parts(train, parts.held_out, parts.users, parts.new_items, parts.skipped)
    return World(world.ratings, world.tags, world.items, told)
