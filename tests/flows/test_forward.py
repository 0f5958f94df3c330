"""Nights for a time to come: as of a day, learned and measured on windows."""

import shutil
from pathlib import Path

import polars as pl

from tasks.store.query import query
from tests.support.command import PLAIN
from tests.support.datasets import write_generic
from tests.support.in_process import Terminal

MOMENT = 1_008_000_000
LISTS = "SELECT user, item, rank, base_rank, score FROM ranked_items ORDER BY ALL"
ON_WINDOWS = ("--learn-protocol", "horizon", "--horizon", 20, "--learn-windows", 2, "--no-report")


def test_a_night_as_of_a_day_gives_the_lists_of_that_day(
    made_up: Path, tmp_path: Path, terminal: Terminal, server: str
) -> None:
    data = tmp_path / "data"
    shutil.copytree(made_up, data)
    before = pl.col("timestamp") < MOMENT
    ratings = pl.read_parquet(data / "ratings.parquet")
    later = set(ratings.filter(~before)["item"]) - set(ratings.filter(before)["item"])
    items = pl.read_parquet(data / "items.parquet").filter(~pl.col("item").is_in(list(later)))
    ratings.filter(before).write_parquet(data / "ratings.parquet")
    items.write_parquet(data / "items.parquet")
    then = Terminal(tmp_path / "then", server)
    then.succeed("nightly", "--data", data, *PLAIN, "--no-report")
    terminal.succeed("nightly", "--data", made_up, *PLAIN, "--no-report", "--as-of", MOMENT)
    lists = query(terminal.home, LISTS)
    assert lists.height > 100 and lists.equals(query(then.home, LISTS))


def test_a_night_learns_and_is_measured_on_the_newest_windows(
    tmp_path: Path, terminal: Terminal
) -> None:
    data = write_generic(tmp_path / "data", users=60, items=60, per_user=15)
    done = terminal.succeed("nightly", "--data", data, *ON_WINDOWS)
    assert "What people rated in the newest window, from what came before it" in done.stdout
    assert query(terminal.home, "SELECT protocol, status FROM cells").rows() == [("horizon", "run")]
    parts = query(terminal.home, "SELECT DISTINCT part FROM stages WHERE stage = 'split'")["part"]
    assert any("horizon seed 0 inner 1" in part for part in parts), parts.to_list()
    weights = query(terminal.home, "SELECT DISTINCT feature FROM learned_weights")["feature"]
    assert {"rated in 90 days", "rated next", "days since the user rated"} <= set(weights)
    for source in ("popular-lately", "forward-ridge"):
        assert any(name.startswith(source) for name in weights), f"{source} proposes too"
