"""However small the chunks of users are, everybody's lists and figures stay what they were."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.cells import Evaluation
from flows.lists import make_lists
from tasks.core.artifacts import read_table
from tasks.evaluation.cell import Cell
from tests.flows.small import options, pipeline_of, world
from tests.support.direct import Direct


def ranked(home: Path, **given: Any) -> tuple[pl.DataFrame, Direct]:
    settings = options(home, **{"model": "popularity"} | given)
    steps = Direct(home)
    made = make_lists(pipeline_of(world(home / "data", settings), settings, steps))
    return read_table(home, made.lists), steps


@pytest.mark.parametrize("style", ["sentence", "favourites"])
def test_lists_in_chunks_are_the_lists_at_once(style: str, tmp_path: Path) -> None:
    whole, at_once = ranked(tmp_path / "whole", profile_style=style)
    parts, chunked = ranked(tmp_path / "parts", profile_style=style, chunk_users=3)
    assert_frame_equal(whole, parts, abs_tol=1e-6)
    for stage in ("find candidates", "make profiles", "embed item texts", "score", "rank"):
        assert len(at_once.of(stage)) == 1 and len(chunked.of(stage)) > 5, stage
    kinds = {call.given["kind"] for call in chunked.of("join chunks")}
    assert kinds == {"candidates", "profiles", "vectors", "scores", "ranked"}
    assert not at_once.of("join chunks"), "one chunk is the whole"


RANKERS: list[dict[str, Any]] = [
    {"reranker": "learned", "model": "ease", "learn_new_items": True, "diversity": 0.3},
    {"reranker": "learned", "sources": {"popularity": 10, "ease": 15}, "without": ("language",)},
    {"reranker": "rrf", "weights": {"external_quality": 1}},
    {"reranker": "random"},
    {"reranker": "none", "diversity": 0.5},
]


@pytest.mark.parametrize("given", RANKERS, ids=lambda given: str(given["reranker"]))
def test_any_rankers_lists_are_the_same_whatever_the_chunk(
    given: dict[str, Any], tmp_path: Path
) -> None:
    """20 users, of whom one is alone in the second chunk."""
    given = {"learn_splits": 1} | given
    whole, _ = ranked(tmp_path / "whole", **given)
    parts, chunked = ranked(tmp_path / "parts", chunk_users=19, **given)
    assert len(chunked.of("rank")) == 2
    assert_frame_equal(whole, parts, abs_tol=1e-5)


def test_a_base_models_score_is_no_signal_of_its_name(tmp_path: Path) -> None:
    """The popularity model's score is a count; the signal is the log of it, as a share."""
    lists, _ = ranked(tmp_path, reranker="weighted")
    assert lists["popularity"].max() == 1.0
    assert lists["estimate"].max() != 1.0


def test_without_a_text_nothing_is_embedded_but_items(tmp_path: Path) -> None:
    _, steps = ranked(tmp_path, profile_style="favourites")
    (made,) = steps.of("make profiles")
    profiles = read_table(tmp_path, made.gave)
    assert (profiles["text"] == "").all()
    assert profiles.filter(pl.col("favourites").list.len() == 0).is_empty()


def test_figures_in_chunks_are_the_figures_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_DATA_DIR", str(tmp_path))
    figures = []
    for size in (None, 3):
        home = tmp_path / f"home-{size}"
        settings = options(home, model="popularity", reranker="rrf", chunk_users=size)
        world(tmp_path / "films", settings)
        result = Evaluation(Direct(home)).measure(Cell(label="x", settings=settings)).figures
        assert result is not None
        figures.append(read_table(home, result.metrics))
    assert figures[0].height > 50
    assert_frame_equal(*figures, abs_tol=1e-9)
