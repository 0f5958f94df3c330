"""`palate export`, and nights that publish elsewhere too."""

import json
from pathlib import Path

import polars as pl

from tasks.store.query import query
from tests.support.command import PLAIN
from tests.support.in_process import Terminal, run_here

SENTINEL = "xyzzy-sentinel"


def test_a_night_publishes_elsewhere_and_says_where_it_could_not(
    terminal: Terminal, made_up: Path, tmp_path: Path
) -> None:
    file = tmp_path / "lists.parquet"
    away = "postgresql://me:$LISTS_PW@127.0.0.1:1/shop"
    night = ["nightly", *PLAIN, "--data", made_up, "--limit-users", 5, "--measure-users", 0]
    done = terminal.run(*night, PALATE_PUBLISH_TO=json.dumps([away, str(file)]), LISTS_PW=SENTINEL)
    assert done.returncode == 1 and "is published, but not to 1 of 2 places" in done.stderr
    assert "palate export --run" in done.stderr
    assert pl.read_parquet(file)["user_id"].n_unique() == 5, "the other place has its lists"
    recorded = query(terminal.home, "SELECT config::VARCHAR FROM runs").item()
    logs = "".join(log.read_text() for log in terminal.home.glob("logs/*"))
    for text in (done.stderr, done.stdout, recorded, logs):
        assert SENTINEL not in text
    assert "$LISTS_PW" in recorded
    again = tmp_path / "again.csv"
    shown = terminal.succeed("export", again).stdout
    assert "50 rows for 5 users" in shown and pl.read_csv(again).height == 50


def test_an_address_that_cannot_be_right_stops_the_night_before_it_begins(tmp_path: Path) -> None:
    for address in (f"redis://:{SENTINEL}@host/0", "lists.xlsx"):
        done = run_here("nightly", "--home", tmp_path, PALATE_PUBLISH_TO=json.dumps([address]))
        assert done.returncode == 1 and "publish_to" in done.stderr
        assert SENTINEL not in done.stderr + done.stdout
    done = run_here("export", "--home", tmp_path, f"postgresql://a:{SENTINEL}@host/shop")
    assert done.returncode == 1 and SENTINEL not in done.stderr
    assert run_here("export", "--home", tmp_path).returncode == 1


def test_nights_keep_the_lists_of_the_newest_only(terminal: Terminal, made_up: Path) -> None:
    night = [*PLAIN, "--data", made_up, "--limit-users", 5, "--measure-users", 0, "--no-report"]
    for _ in range(3):
        terminal.succeed("nightly", *night, "--keep-nights", 2)
    kept = "SELECT count(DISTINCT run_id) FROM ranked_items"
    assert query(terminal.home, kept).item() == 2
    assert query(terminal.home, "SELECT count(*) FROM runs").item() == 3
