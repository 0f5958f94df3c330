"""Nights that asked for a language model's judgement of too few people to measure what it adds."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.flows.test_cascade import LEARNED, asking
from tests.night.notify.test_channels import READS
from tests.support.datasets import write_generic
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.in_process import Terminal

USERS = 30


@pytest.fixture
def llm(tmp_path: Path, with_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLLM]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sentinel-5d1c")
    with fake_llm(tmp_path / "llm") as server:
        yield server


def test_a_night_in_which_nothing_could_be_measured_says_so_everywhere(
    llm: FakeLLM, tmp_path: Path, terminal: Terminal
) -> None:
    home, heard = terminal.home, tmp_path / "heard"
    data = write_generic(tmp_path / "data", users=USERS, per_user=20)
    program = json.dumps([sys.executable, "-c", READS, str(heard)])
    words = asking(llm, data)
    terminal.succeed("nightly", "--data", data, "--method", LEARNED)
    lists = "SELECT user, item, rank FROM ranked_items JOIN latest_run USING (run_id) ORDER BY ALL"
    without = query(home, lists)

    foreseen = terminal.succeed("estimate", *words)
    assert "not measured" in foreseen.stdout + foreseen.stderr
    done = terminal.succeed("nightly", *words, PALATE_NOTIFY_COMMAND=program)
    assert not llm.calls() and query(home, lists).equals(without)
    status, note, state = query(home, "SELECT status, note, state FROM latest_run").row(0)
    assert status == "degraded" and "could not be measured" in note and "--method paper" in note
    assert state is not None, "the next night builds on it"
    assert f"DEGRADED: {note}" in done.stdout
    page = (home / "reports" / "latest.html").read_text()
    assert "did less than was asked" in page and "could not be measured" in page
    message = json.loads(heard.read_text())
    assert message["status"] == "degraded" and "could not be measured" in message["reason"]
    one = terminal.succeed("recommend", *words, "--user", 3)
    assert "could not be measured" in one.stdout

    ratings = pl.read_parquet(data / "ratings.parquet")
    theirs = ratings.filter(pl.col("user") == 3)
    new = min(set(range(1, 61)) - set(theirs["item"]))
    rated = theirs.head(1).with_columns(item=pl.lit(new, pl.Int64), rating=pl.lit(5.0))
    pl.concat([ratings, rated]).write_parquet(data / "ratings.parquet")
    again = terminal.succeed("nightly", *words)
    assert "new lists for 1: ratings arrived" in again.stderr and "DEGRADED" in again.stdout
    assert not llm.calls()
