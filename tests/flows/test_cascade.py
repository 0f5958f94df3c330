"""Nights in which a language model judges heads of learned lists, where that has shown to help.

A fake server in a real process knows what people rated, held out or not, or answers noise; what it
was sent is the witness.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.support.datasets import write_generic
from tests.support.fake_llm import faults
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.fake_llm.taste import write_taste
from tests.support.in_process import Terminal

USERS, SAMPLED, HEAD = 150, 40, 20
LEARNED = Path(__file__).parents[1] / "support" / "learned.toml"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("people"), users=USERS, items=60, per_user=20)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, with_server: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sentinel-5d1c")


@pytest.fixture
def knowing(people: Path, tmp_path: Path, key: None) -> Iterator[FakeLLM]:
    """Knows what everybody rated, a little blurred."""
    taste = write_taste(people, tmp_path / "taste.json")
    with fake_llm(tmp_path / "llm", taste=taste, noise=0.3) as server:
        yield server


@pytest.fixture
def guessing(people: Path, tmp_path: Path, key: None) -> Iterator[FakeLLM]:
    """Answers noise."""
    taste = write_taste(people, tmp_path / "taste.json")
    with fake_llm(tmp_path / "llm", taste=taste, noise=1.0) as server:
        yield server


def asking(llm: FakeLLM, data: Path, *more: object) -> list[object]:
    return [
        *("--data", data, "--method", LEARNED, "--scorer", "llm"),
        *("--llm-model", "fake-1", "--llm-base-url", llm.url),
        *(
            "--llm-ask",
            "numbers",
            "--llm-head",
            HEAD,
            "--llm-items",
            10,
            "--llm-sample",
            SAMPLED,
            *more,
        ),
    ]


def people_asked(calls: list[Call]) -> int:
    return len({call.user.split("<items")[0] for call in calls})


def test_a_model_that_knows_something_is_asked_twice_a_person_and_the_next_night_not_at_all(
    knowing: FakeLLM, people: Path, tmp_path: Path, terminal: Terminal
) -> None:
    home, data = terminal.home, tmp_path / "data"
    shutil.copytree(people, data)
    before = terminal.succeed("estimate", *asking(knowing, data)).stdout
    assert not knowing.calls() and "score of a sample" in before
    foreseen = [int(row.split("│")[2]) for row in before.splitlines() if row.startswith("│ score")]

    done = terminal.succeed("nightly", *asking(knowing, data))
    calls = knowing.calls()
    parts = query(home, "FROM judged_parts").rows_by_key("part", named=True, unique=True)
    warm = parts["warm people"]
    assert warm["asked"] and warm["low"] > 0 and warm["tonight"] == USERS
    assert not parts["new people"]["asked"] and parts["new people"]["gain"] is None
    assert all(call.items and len(call.items) <= 10 for call in calls), "no profile is written"
    assert foreseen == [2 * 2 * SAMPLED, 2 * USERS]
    tonight = calls[foreseen[0] :]
    assert people_asked(tonight) == USERS
    assert 0.98 * foreseen[1] <= len(tonight) <= foreseen[1], "some of a head is known by then"
    prices = dict(query(home, "SELECT purpose, requests FROM judging_prices").rows())
    assert prices == {"sample": foreseen[0], "lists": len(tonight)}
    assert "asked for 150 people who rated more" in done.stdout
    alone = query(
        home, "FROM judgements WHERE list = 'language model' AND metric = 'AUC' ORDER BY place"
    ).to_dicts()
    assert [row["against"] for row in alone] == [None, "learned", "most rated first"]
    assert alone[0]["part"].startswith("heads, ") and alone[0]["users"] == 2 * SAMPLED
    assert alone[0]["judge"] == "fake-1" and alone[2]["verdict"] == "higher"

    run = query(home, "SELECT status, unscored, judged FROM latest_run").row(0)
    assert run[:2] == ("complete", 0) and run[2] in done.stdout
    told = query(home, "SELECT count(*) FROM ranked_items WHERE reasons LIKE '%says that it fits%'")
    assert told.item() > USERS / 2
    page = (home / "reports" / "latest.html").read_text()
    assert "What judging adds" in page and "the sample" in page

    terminal.succeed("nightly", *asking(knowing, data))
    assert len(knowing.calls()) == len(calls)
    terminal.succeed("nightly", *asking(knowing, data, "--top", 9))
    assert len(knowing.calls()) == len(calls), "refitted, but every answer is in the ledger"

    ratings = pl.read_parquet(data / "ratings.parquet")
    theirs = ratings.filter(pl.col("user") == 3)
    new = min(set(range(1, 61)) - set(theirs["item"]))
    rated = theirs.head(1).with_columns(item=pl.lit(new, pl.Int64), rating=pl.lit(5.0))
    pl.concat([ratings, rated]).write_parquet(data / "ratings.parquet")
    terminal.succeed("nightly", *asking(knowing, data))
    assert 0 < len(knowing.calls()) - len(calls) <= 0.015 * len(calls)


def test_noise_is_found_out_and_nobody_is_asked_about_unless_always(
    guessing: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    done = terminal.succeed("nightly", *asking(guessing, people))
    sample = len(guessing.calls())
    assert sample == 2 * 2 * SAMPLED
    assert "asked for nobody; not for any of 150" in done.stdout
    row = query(home, "SELECT status, unscored FROM latest_run").row(0)
    assert row == ("complete", 0)
    asked = query(home, "SELECT bool_or(asked), max(low) FROM judged_parts").row(0)
    assert asked[0] is False and asked[1] <= 0
    similar = "SELECT count(similarity) FROM ranked_items"
    assert query(home, similar).item() == 0

    terminal.succeed("nightly", *asking(guessing, people, "--llm-always"))
    tonight = guessing.calls()[sample:]
    assert people_asked(tonight) == USERS
    assert 0.98 * 2 * USERS <= len(tonight) <= 2 * USERS, "some of a head is known by then"
    assert query(
        home, "SELECT bool_and(asked) FROM judged_parts JOIN latest_run USING (run_id)"
    ).item()
    assert query(home, similar).item() > 0


def test_while_the_server_is_down_the_lists_are_the_learned_ones(
    knowing: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    without = terminal.succeed("nightly", "--data", people, "--method", LEARNED)
    assert "llm" not in without.stdout
    lists = "SELECT user, item, rank FROM ranked_items JOIN latest_run USING (run_id) ORDER BY ALL"
    learned = query(home, lists)
    knowing.stop()
    done = terminal.succeed("nightly", *asking(knowing, people, "--llm-patience", 1))
    assert "DEGRADED" in done.stdout and "lists without the model" in done.stdout
    assert query(home, lists).equals(learned)
    knowing.start()
    terminal.succeed("nightly", *asking(knowing, people))
    assert query(home, "SELECT status FROM latest_run").item() == "complete"
    assert not query(home, lists).equals(learned)


def test_who_lacks_scores_gets_the_learned_list(
    knowing: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    terminal.succeed("nightly", *asking(knowing, people, "--llm-unscored-limit", 1))
    asked = [call.user.split("<items")[0] for call in knowing.calls()]
    tonight = [block for block in dict.fromkeys(asked) if asked.index(block) >= 2 * 2 * SAMPLED]
    some = [block.split("\n")[1] for block in tonight[:30]]
    for file in home.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    knowing.script(*(faults.status(400, contains=f"{words}\n") for words in some))
    done = terminal.succeed("nightly", *asking(knowing, people))
    status, note, unscored = query(home, "SELECT status, note, unscored FROM latest_run").row(0)
    assert status == "degraded" and "HTTP 400" in note and "without the model" in note
    assert unscored == 30 * HEAD and "DEGRADED" in done.stdout
    kept = "SELECT user FROM ranked_items GROUP BY user HAVING count(similarity) = 0"
    assert query(home, kept).height == 30
