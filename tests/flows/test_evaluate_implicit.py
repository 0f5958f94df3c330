"""Measuring on data in which nobody rated anything: a row says that somebody met an item."""

import json
from pathlib import Path

import polars as pl

from tests.support.command import PLAIN, succeed
from tests.support.datasets import write_generic


def test_without_ratings_no_error_of_ratings_is_measured(tmp_path: Path, server: str) -> None:
    folder = write_generic(tmp_path / "data", users=16, items=45, per_user=16)
    rows = pl.read_parquet(folder / "ratings.parquet").drop("rating")
    rows.write_parquet(folder / "ratings.parquet")
    options = ["--data", folder, "--home", tmp_path / "home", *PLAIN, "--seeds", 1, "--json"]
    done = succeed("evaluate", *options, "--max-dropped", 50, PREFECT_API_URL=server)
    metrics = {figure["metric"] for figure in json.loads(done.stdout)["cells"]}
    assert "NDCG" in metrics
    assert "RMSE" not in metrics
    assert "every row counts 1" in done.stderr
