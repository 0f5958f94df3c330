"""Nights that learn on windows of time, and ask a language model where that has shown to help."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.flows.test_cascade import SAMPLED, asking
from tests.support.datasets import write_generic
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.fake_llm.taste import FAVOURITES, RATING, write_taste
from tests.support.in_process import Terminal

USERS, DAYS, SECONDS_A_DAY = 160, 20, 86_400
ON_WINDOWS = ("--learn-protocol", "horizon", "--horizon", DAYS, "--learn-windows", 3)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("people"), users=USERS, items=60, per_user=24)


@pytest.fixture
def taste(people: Path, tmp_path: Path, with_server: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sentinel-5d1c")
    return write_taste(people, tmp_path / "taste.json")


@pytest.fixture
def knowing(taste: Path, tmp_path: Path) -> Iterator[FakeLLM]:
    with fake_llm(tmp_path / "llm", taste=taste, noise=0.3) as server:
        yield server


@pytest.fixture
def guessing(taste: Path, tmp_path: Path) -> Iterator[FakeLLM]:
    with fake_llm(tmp_path / "llm", taste=taste, noise=1.0) as server:
        yield server


def shown_favourites(call: Call) -> set[str]:
    line = FAVOURITES.search(call.user)
    return {RATING.sub("", one) for one in line[1].split("; ")} if line else set()


def test_on_windows_a_model_that_knows_something_earns_its_place_and_is_shown_no_later_rating(
    knowing: FakeLLM, people: Path, terminal: Terminal
) -> None:
    words = asking(knowing, people, *ON_WINDOWS)
    done = terminal.succeed("nightly", *words)
    calls = knowing.calls()
    parts = query(terminal.home, "FROM judged_parts").rows_by_key("part", named=True, unique=True)
    warm = parts["warm people"]
    assert warm["asked"] and warm["low"] > 0 and warm["people"] >= 20, done.stdout
    sample = query(
        terminal.home, "SELECT requests FROM judging_prices WHERE purpose = 'sample'"
    ).item()
    assert 2 * 40 <= sample <= 2 * 2 * SAMPLED and len(calls) <= sample + 2 * USERS

    titles = pl.read_parquet(people / "items.parquet").select("item", "title")
    ratings = pl.read_parquet(people / "ratings.parquet").join(titles, on="item")
    window = ratings["timestamp"].max() + 1 - DAYS * SECONDS_A_DAY  # type: ignore[operator]
    earlier = ratings.filter(pl.col("timestamp") < window)
    before = [set(theirs["title"]) for _, theirs in earlier.group_by("user")]
    for call in calls[:sample]:
        assert any(shown_favourites(call) <= mine for mine in before), "rated before the window"

    terminal.succeed("nightly", *words)
    assert len(knowing.calls()) == len(calls)


def test_on_windows_noise_is_found_out(guessing: FakeLLM, people: Path, terminal: Terminal) -> None:
    terminal.succeed("nightly", *asking(guessing, people, *ON_WINDOWS))
    assert query(terminal.home, "SELECT status FROM latest_run").item() == "complete"
    asked = query(terminal.home, "SELECT bool_or(asked), count(gain) FROM judged_parts").row(0)
    assert asked[0] is False and asked[1] > 0
