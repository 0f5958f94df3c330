"""Cleaning a home between nights: what the kept night needs is still there, the rest is gone."""

import os
import time
from pathlib import Path

import polars as pl
import pytest

from tasks.core.artifacts import write_table
from tasks.core.lock import in_use
from tasks.store.query import query
from tests.support.in_process import Terminal, run_here

DAY = 86_400
LISTS = "SELECT * EXCLUDE run_id FROM ranked_items SEMI JOIN latest_run USING (run_id) ORDER BY ALL"


def files_of(home: Path) -> set[str]:
    kinds = ("artifacts", "results", "work-seconds")
    files = (file for kind in kinds for file in (home / kind).rglob("*") if file.is_file())
    return {str(file.relative_to(home)) for file in files}


def test_after_cleaning_the_kept_night_is_whole_and_nothing_of_it_is_made_anew(
    terminal: Terminal, made_up: Path
) -> None:
    home = terminal.home
    night = ["nightly", "--data", made_up, "--reranker", "weighted", "--measure-users", "0"]
    terminal.succeed(*night)
    garbage = write_table(home, "ranked", pl.DataFrame({"of": ["a night before"]}))
    for file in home.rglob("*"):
        os.utime(file, times=(time.time() - 10 * DAY,) * 2)
    terminal.succeed(*night)
    before, lists = files_of(home), query(home, LISTS)

    dry = terminal.succeed("gc", "--keep-runs", "1")
    assert "artifacts/ranked" in dry.stdout and "Nothing was removed" in dry.stdout
    assert files_of(home) == before
    terminal.succeed("gc", "--keep-runs", "1", "--apply")

    assert garbage.path in before - files_of(home)
    again = terminal.succeed(*night)
    assert "0 with a new list" in again.stdout, "what the last night left for the next stays"
    stages = query(home, "SELECT * FROM stages SEMI JOIN latest_run USING (run_id)")
    anew = stages.filter(~pl.col("cached"))["stage"].to_list()
    assert anew == [], "what an unchanged night takes from disk stays"
    assert query(home, LISTS).equals(lists)


def test_nothing_is_removed_while_a_command_is_at_work(tmp_path: Path) -> None:
    with in_use(tmp_path):
        busy = run_here("gc", "--apply", "--home", tmp_path)
    assert busy.returncode == 1 and "at work" in busy.stderr
    assert run_here("gc", "--apply", "--home", tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--keep-runs", "0"], "keep-runs"), (["--min-age", "-1"], "min-age")],
)
def test_keeping_nothing_is_refused(tmp_path: Path, arguments: list[str], expected: str) -> None:
    done = run_here("gc", *arguments, "--home", tmp_path)
    assert done.returncode == 1 and expected in done.stderr and "Traceback" not in done.stderr


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = run_here("gc", "--apply", "--home", tmp_path / "nowhere")
    assert done.returncode == 1 and "--home" in done.stderr
    assert not (tmp_path / "nowhere").exists()
