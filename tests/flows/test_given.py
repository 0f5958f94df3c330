"""A split, and judgements, that others made: through the flows, without Prefect."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from flows.cells import Evaluation
from flows.measuring_judgements import measure_judgements
from tasks.core.artifacts import read_table
from tasks.core.progress import lines_to
from tasks.evaluation.cell import Cell
from tasks.evaluation.judgements.spec import read_judgements
from tasks.store.query import query
from tests.support.datasets import write_generic
from tests.support.direct import Direct
from tests.support.options import plain_evaluation

pytestmark = pytest.mark.usefixtures("clean_environment")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films with every fourth rating of a person held out, and an oracle's judgements of these."""
    folder = write_generic(tmp_path_factory.mktemp("films"), users=40, items=60, per_user=16)
    ratings = pl.read_parquet(folder / "ratings.parquet").sort("user", "item")
    held = ratings.filter(pl.int_range(pl.len()).over("user") % 4 == 0)
    held.write_parquet(folder / "held.parquet")
    given = folder / "recorded"
    given.mkdir()
    held.select("user", "item", pl.lit(1).alias("score")).write_csv(given / "oracle.csv")
    pairs = ratings.select("user").unique().join(ratings.select("item").unique(), how="cross")
    train = ratings.join(held, on=["user", "item"], how="anti")
    unseen = pairs.join(train, on=["user", "item"], how="anti").sort("user", "item")
    draw = pl.Series("draw", np.random.default_rng(0).random(unseen.height))
    place = pl.col("draw").rank("ordinal").over("user").alias("rank")
    base = unseen.with_columns(draw).with_columns(place).drop("draw").filter(pl.col("rank") <= 20)
    base.write_csv(given / "base.csv")
    knows = base.join(held.select("user", "item", "rating"), on=["user", "item"], how="left")
    worth = pl.col("rating").fill_null(0).rank("ordinal", descending=True).over("user")
    knows.with_columns(worth.alias("rank")).drop("rating").write_csv(given / "knows.csv")
    held.select("user", "item", pl.col("rating").alias("m")).write_csv(given / "rated.csv")
    profiles = [f"{user},## Overview likes rivers ## Dislikes night" for user in range(1, 41)]
    (folder / "profiles.csv").write_text("\n".join(["user,text", *profiles, ""]), "utf-8")
    return folder


def test_a_given_split_is_measured_with_recorded_scores_that_nobody_was_asked_for(data, tmp_path):
    settings = plain_evaluation(
        home=tmp_path,
        data=str(data),
        seeds=1,
        protocol="given",
        held_out="held.parquet",
        scorer="recorded",
        scores="recorded/oracle.csv",
        reranker="llm_only",
        search_count=60,
    )
    assert not settings.asks and settings.scorer_label == "recorded oracle"
    steps, said = Direct(tmp_path), list[str]()
    with lines_to(said.append):
        figures = Evaluation(steps).measure(Cell(label="oracle", settings=settings)).figures
    assert figures
    metrics = read_table(tmp_path, figures.metrics).filter(metric="NDCG", k=10)
    base, oracle = metrics.sort("list")["mean"]
    assert base < 0.3 and oracle > 0.9
    held = pl.read_parquet(data / "held.parquet").height
    assert f"{held} of them are among the data set's own, and taken out of train" in " ".join(said)
    assert any("candidates" in line and "the others are neutral" in line for line in said)
    trained = read_table(tmp_path, steps.of("split")[0].gave.train)
    assert trained.height == 40 * 12


JUDGED = """
title = "Judged"
[settings]
seeds = 1
protocol = "given"
held_out = "held.parquet"
reranker = "learned"
search_count = 30
without = ["external", "language"]
[orders]
base = "recorded/base.csv"
first = 15
judges = { knows = "recorded/knows.csv" }
[ratings]
file = "recorded/rated.csv"
judges = ["m"]
[profiles]
file = "profiles.csv"
"""


def test_judgements_are_put_on_top_of_the_learned_order_and_published(data, tmp_path):
    file = tmp_path / "judged.toml"
    file.write_text(JUDGED, "utf-8")
    given = {"data": str(data), "home": tmp_path / "home"}
    result = measure_judgements(*read_judgements(file, given), "palate judgements judged.toml")
    rows = query(tmp_path / "home", "FROM judgements").filter(run_id=result.run_id)
    adds = rows.filter(list="learned + knows", metric="NDCG@10", against="learned").row(
        0, named=True
    )
    assert adds["low"] > 0 and adds["verdict"] == "higher"
    alone = rows.filter(pl.col("against").is_null(), list="m", part="ratings")
    assert alone["value"].to_list() == [pytest.approx(1.0)]
    assert rows.filter(part="profiles", list="learned + profiles").height == 4
    runs = query(tmp_path / "home", "SELECT flow, dataset, config->>'$.title' AS title FROM runs")
    assert runs.rows() == [("judgements", "made-up", "Judged")]
