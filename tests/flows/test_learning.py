"""What a cell with the learned re-ranker learns from, and how it orders with trees."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.core.artifacts import read_arrays, read_table
from tasks.features.registry import FEATURES
from tasks.features.stages import features_of
from tasks.models.registry import models
from tasks.ranking.blend import Learned, probabilities
from tests.flows.small import options, world
from tests.support.direct import Direct
from tests.support.small_trees import small_trees
from tests.support.worlds import measure_in

PAIR = ["user", "item"]


class Cell:
    """One cell and what its stages gave; texts are left out, since reading them takes a while."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, **given: Any) -> None:
        self.home, self.steps = home, Direct(home)
        fixed: dict[str, Any] = {"model": "ease", "reranker": "learned", "without": ("language",)}
        settings = options(home, **fixed | given)
        figures = measure_in(
            world(home / "data", settings), settings, self.steps, monkeypatch
        ).figures
        assert figures and figures.learned
        self.learned: Learned = figures.learned
        self.labelled = [self.read(table) for table in self.steps.made["make features"]]
        (self.ranking,) = self.steps.of("rank")
        self.lists, self.inner = self.read(self.ranking.gave), self.steps.made["split"]

    def read(self, artifact: Any) -> pl.DataFrame:
        return read_table(self.home, artifact)

    def features(self) -> pl.DataFrame:
        """Those of the outer candidates, which the lists were made by."""
        given = self.ranking.given
        users, pairs = self.read(given["users"])["user"], self.read(given["pairs"])
        return features_of(self.home, users, pairs, given["known"], given["ranker"].features)


def test_hits_are_what_is_liked_where_that_is_to_be_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = Cell(tmp_path, monkeypatch)
    liked = Cell(tmp_path, monkeypatch, learn_target="liked")
    assert every.inner == liked.inner and len(liked.inner) == 2
    for split, all_hits, told in zip(every.inner, every.labelled, liked.labelled, strict=True):
        held_out = every.read(split.held_out)
        assert told.drop("held_out").equals(all_hits.drop("held_out"))
        for table, hits in (
            (all_hits, held_out),
            (told, held_out.filter(pl.col("rating") >= 4.0)),
        ):
            expected = table.select(PAIR).join(hits, on=PAIR, how="semi").sort(PAIR)
            assert table.filter("held_out").select(PAIR).sort(PAIR).equals(expected)
        assert 0 < told["held_out"].sum() < all_hits["held_out"].sum()
    assert liked.learned.weights != every.learned.weights


def test_trees_are_grown_on_inner_splits_and_order_the_outer_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_trees():
        cell = Cell(tmp_path, monkeypatch, learn_trees=True)
    (call,) = cell.steps.of("learn to rank")
    assert call.given["trees"] is True
    assert call.given["tables"] == cell.steps.made["make features"]
    trees = cell.learned.trees
    assert trees and trees.count > 0
    assert len(trees.gains) == len(cell.learned.weights.features)
    text = read_arrays(cell.home, trees.text)["text"].tobytes().decode()
    features = cell.features()
    chances = probabilities(features, cell.learned, text)
    likely = features.select(PAIR).with_columns(likely=pl.Series(chances))
    lists = cell.lists.join(likely, on=PAIR)
    assert lists.height == likely.height
    assert lists["score"].to_list() == lists["likely"].to_list()
    for _, mine in lists.group_by("user"):
        assert mine.sort("rank")["likely"].is_sorted(descending=True)
    assert not lists["rank"].equals(lists["base_rank"])
    plain = Cell(tmp_path, monkeypatch)
    assert plain.learned.trees is None
    both = plain.learned.weights, cell.learned.weights
    assert both[0].data == both[1].data and both[0].positives == both[1].positives
    assert both[0].rows > both[1].rows, "beside trees lists without a hit teach nothing"
    assert plain.steps.of("learn to rank")[0].given["trees"] is False


def test_similarities_of_the_scorer_are_learned_from_where_that_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"without": (), "learn_scores": True, "learn_splits": 1}
    cell = Cell(tmp_path, monkeypatch, **given)
    inner, outer = (cell.read(table) for table in cell.steps.made["score"])
    for table, scores in ((cell.labelled[0], inner), (cell.lists, outer)):
        joined = table.select(*PAIR, feature="similarity").join(scores, on=PAIR)
        assert joined.height == table.height
        assert joined["feature"].to_list() == pytest.approx(joined["similarity"].to_list(), 1e-5)
    assert {"similarity", "similarity, among candidates"} <= set(cell.learned.weights.features)
    silent = Cell(tmp_path, monkeypatch, **given | {"without": ("language",)})
    assert "similarity" not in silent.learned.weights.features and "score" not in silent.steps.made
    assert silent.lists["similarity"].null_count() == silent.lists.height


def test_a_language_model_judges_heads_and_is_not_learned_from(tmp_path: Path) -> None:
    """Every candidate of every inner split would be asked about else."""
    given: dict[str, Any] = {"reranker": "learned", "scorer": "llm", "llm_model": "m"}
    asked = options(tmp_path, learn_scores=True, **given).method
    assert asked.cascades and asked.judges
    assert not asked.learns_scores and not asked.reads_similarity
    silent = asked.model_copy(update={"without": ("language",)})
    assert not silent.cascades and not silent.judges
    unasked = asked.model_copy(update={"scorer": "embedded"})
    assert not unasked.cascades and unasked.learns_scores and unasked.judges
    ruled = asked.model_copy(update={"reranker": "weighted"})
    assert not ruled.cascades and ruled.judges


def test_learned_lists_say_what_speaks_for_their_first_items(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = Cell(tmp_path, monkeypatch, without=()).lists
    first = lists.filter(pl.min_horizontal("rank", "base_rank") <= 10)
    assert lists["reasons"].count() == first["reasons"].count() > first.height / 2
    told = set(first.drop_nulls("reasons")["reasons"].str.split("; ").explode())
    assert told <= {feature.reason for feature in FEATURES.values()} | {
        model.reason for model in models().values()
    }
    assert len(told) > 3
