"""The diversity dial in whole flows: after every re-ranker, and before nothing but it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import sql
from flows.evaluate import evaluate
from flows.nightly import nightly
from tasks.store.query import query
from tests.support.datasets import write_generic
from tests.support.in_process import flows_in
from tests.support.options import plain_evaluation, plain_settings

PAIR = ["user", "item"]
SMALL: dict[str, Any] = {"search_count": 20, "learn_splits": 1, "diversity": 0.6}


class Place:
    """A data set, and a home that all flows share."""

    def __init__(self, folder: Path, server: str) -> None:
        self.home, self.server = folder / "home", server
        self.data = write_generic(folder / "few", users=12, items=40, per_user=14)

    def given(self, **given: Any) -> dict[str, Any]:
        return {"home": self.home, "data": str(self.data)} | SMALL | given

    def night(self, **given: Any) -> pl.DataFrame:
        """What a night that is not measured publishes."""
        with flows_in(self.home, self.server):
            run = nightly(plain_settings(**self.given(measure_users=0, **given)))
        shown = query(self.home, "FROM ranked_items WHERE run_id = $run_id", {"run_id": run.run_id})
        return shown.drop("run_id")

    def evaluation(self, **given: Any) -> str:
        """The run of one split."""
        with flows_in(self.home, self.server):
            chosen = plain_evaluation(**self.given(protocol="split", seeds=1, **given))
            return evaluate(chosen).run_id


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, server: str) -> Place:
    return Place(tmp_path_factory.mktemp("dial"), server)


@pytest.mark.parametrize("reranker", ["weighted", "learned"])
def test_a_night_spreads_out_the_re_ranked_lists_and_leaves_the_base_lists(
    place: Place, reranker: str
) -> None:
    made = place.night(reranker=reranker)
    for column in ("rank", "base_rank"):
        top = made.filter(pl.col(column) <= 10)
        assert top.select(PAIR).n_unique() == top.height == 120
    assert made["similarity"].null_count() == (0 if reranker == "weighted" else made.height)
    for _, mine in made.group_by("user"):
        assert mine.sort("base_rank")["estimate"].is_sorted(descending=True)
        scores = mine.sort("rank")["score"]
        assert scores[0] == scores.max() and not scores.is_sorted(descending=True)


def test_an_evaluation_measures_base_lists_that_are_spread_out_as_a_method(place: Place) -> None:
    run = {"run_id": place.evaluation(reranker="none")}
    shown = query(place.home, sql.statement("evaluation/one_method.sql"), run)
    row = shown.filter(metric="diversity@10").row(0, named=True)
    assert row["verdict"] and row["reranked"] != row["base"]
    methods = query(place.home, sql.statement("evaluation/methods.sql"), run)
    assert sorted(methods["method"]) == ["base: svd", "svd, none"]
    assert methods["diversity@10"].null_count() == 0
    cells = query(place.home, "SELECT reranker FROM cells WHERE run_id = $run_id", run)
    assert cells.item() == "diversity"


def test_the_floor_and_the_ceiling_are_left_as_they_are(place: Place) -> None:
    run = {"run_id": place.evaluation(reranker="oracle")}
    stages = query(place.home, "SELECT stage FROM stages WHERE run_id = $run_id", run)["stage"]
    assert "rank" in set(stages) and "diversify" not in set(stages)
