"""What is asked once more: of the same sample nothing, of a changed night what changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.flows.test_cascade import asking
from tests.support.datasets import write_generic
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.fake_llm.taste import write_taste
from tests.support.in_process import Terminal

USERS = 200
FIRST, EVERY = 1_006_000_000, 20
REPLAYED = (
    *("--learn-protocol", "horizon", "--learn-windows", 2, "--horizon", f"{EVERY}d"),
    *("--from", FIRST, "--nights", 2),
)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("people"), users=USERS, items=60, per_user=20)


@pytest.fixture
def knowing(
    people: Path, tmp_path: Path, with_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeLLM]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sentinel-5d1c")
    taste = write_taste(people, tmp_path / "taste.json")
    with fake_llm(tmp_path / "llm", taste=taste, noise=0.3) as server:
        yield server


def forget_stages(home: Path) -> None:
    """All is fitted anew; what was answered is in the ledger."""
    shutil.rmtree(home / "results")


@pytest.mark.parametrize(
    "words",
    [
        ("evaluate", "--protocol", "split", "--seeds", 1),
        pytest.param(("replay", *REPLAYED), marks=pytest.mark.slow),
    ],
)
def test_the_second_fit_of_the_same_sample_sends_nothing(
    words: tuple[object, ...], knowing: FakeLLM, people: Path, terminal: Terminal
) -> None:
    command = [*words, *asking(knowing, people)]
    terminal.succeed(*command)
    first = len(knowing.calls())
    assert first > 2 * 40
    figures = (
        "SELECT list, metric, k, mean FROM cell_metrics"
        " WHERE run_id = (SELECT max(run_id) FROM runs) ORDER BY ALL"
    )
    before = query(terminal.home, figures)
    forget_stages(terminal.home)
    terminal.succeed(*command)
    assert len(knowing.calls()) == first
    assert before.height and query(terminal.home, figures).equals(before)


@pytest.fixture
def changed(
    knowing: FakeLLM, people: Path, tmp_path: Path, terminal: Terminal
) -> tuple[Path, list[Call]]:
    """Data of which one person in a hundred has rated since a night, and what that night sent."""
    data = tmp_path / "data"
    shutil.copytree(people, data)
    terminal.succeed("nightly", *asking(knowing, data))
    ratings = pl.read_parquet(data / "ratings.parquet")
    arrived = []
    for user in range(3, 3 + USERS // 100):
        theirs = ratings.filter(pl.col("user") == user)
        new = min(set(range(1, 61)) - set(theirs["item"]))
        arrived.append(theirs.head(1).with_columns(item=pl.lit(new, pl.Int64)))
    pl.concat([ratings, *arrived]).write_parquet(data / "ratings.parquet")
    return data, knowing.calls()


def pairs_of(calls: list[Call]) -> list[tuple[str, str]]:
    """Person and item of all that was asked."""
    return [(call.user.split("<items")[0], text) for call in calls for text in call.items.values()]


def test_with_one_in_a_hundred_changed_little_is_sent(
    changed: tuple[Path, list[Call]], knowing: FakeLLM, terminal: Terminal
) -> None:
    data, first = changed
    terminal.succeed("nightly", *asking(knowing, data))
    assert 0 < len(knowing.calls()) - len(first) <= 0.015 * len(first)


def test_fitted_anew_it_asks_only_for_pairs_that_nobody_asked_for(
    changed: tuple[Path, list[Call]], knowing: FakeLLM, terminal: Terminal
) -> None:
    data, first = changed
    terminal.succeed("nightly", *asking(knowing, data, "--refit", 1))
    pairs = pairs_of(knowing.calls())
    assert len(first) < len(knowing.calls()) < 2 * len(first)
    assert len(set(pairs)) == len(pairs)
