"""Nights that ask a language model: a fake server in a real process, its log the witness.

A night whose end is a signal, or that is searched for the key, is a real process as well.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from tasks.data.enriching import ATTRIBUTION
from tasks.store.query import query
from tests.night.notify.test_channels import READS
from tests.support.command import PLAIN, start, succeed
from tests.support.datasets import MOVIES, write_generic, write_movielens
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import FakeLLM, fake_llm
from tests.support.fake_tmdb import V3, fake_tmdb, movie
from tests.support.in_process import Terminal

KEY = "sk-sentinel-7f3a91c2d4"
USERS, CANDIDATES, PER_REQUEST = 12, 30, 10
PER_USER = 1 + CANDIDATES // PER_REQUEST
ALL_REQUESTS = USERS * PER_USER


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 users, 60 items: 30 candidates each."""
    return write_generic(tmp_path_factory.mktemp("people"), users=USERS)


@pytest.fixture
def llm(tmp_path: Path, with_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLLM]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with fake_llm(tmp_path / "llm") as server:
        yield server


def asking(llm: FakeLLM, data: Path, *more: object) -> list[object]:
    return [
        *("--data", data, *PLAIN, "--search-count", CANDIDATES, "--top", 5),
        *("--scorer", "llm", "--llm-model", "fake-1", "--llm-base-url", llm.url),
        *("--llm-ask", "numbers", "--llm-items", PER_REQUEST, *more),
    ]


def test_a_night_asks_what_was_estimated_and_another_one_nothing(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    before = succeed("estimate", *asking(llm, people), "--home", home)
    assert not llm.calls()
    assert [[cell.strip() for cell in row.split("│")[1:4]] for row in _rows(before)] == [
        ["profile", str(USERS), "0"],
        ["score", str(USERS * 3), str(USERS * 30)],
    ]
    assert "price is not known" in before.stdout
    debug = {"PREFECT_LOGGING_LEVEL": "DEBUG", "OPENAI_LOG": "debug"}
    first = succeed("nightly", *asking(llm, people), "--home", home, **debug)
    assert len(llm.calls()) == ALL_REQUESTS
    run_row = query(home, "SELECT * FROM latest_run").row(0, named=True)
    assert (run_row["status"], run_row["unscored"]) == ("complete", 0)
    usage = query(home, "SELECT kind, requests, pairs, not_answered FROM llm_usage ORDER BY kind")
    assert usage.rows() == [("profile", USERS, 0, 0), ("score", USERS * 3, USERS * 30, 0)]
    assert "Not measured" in first.stdout and f"{ALL_REQUESTS} requests" in first.stdout

    changed = terminal.succeed("nightly", *asking(llm, people, "--reranker", "llm_only"))
    assert len(llm.calls()) == ALL_REQUESTS, "a pair that has a score is never asked again"
    assert query(home, "SELECT count(*) FROM llm_requests").item() == ALL_REQUESTS

    said = first.stdout + first.stderr + changed.stdout + changed.stderr
    assert KEY not in said
    _nowhere(KEY, home)


def _nowhere(secret: str, folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert secret.encode() not in path.read_bytes(), path


def test_with_the_model_kept_only_the_changed_user_is_asked_about(
    llm: FakeLLM, people: Path, tmp_path: Path, terminal: Terminal
) -> None:
    data = tmp_path / "data"
    shutil.copytree(people, data)
    terminal.succeed("nightly", *asking(llm, data))
    ratings = pl.read_parquet(data / "ratings.parquet")
    theirs = ratings.filter(pl.col("user") == 3)
    new = set(range(1, 61)) - set(theirs["item"])
    rated = theirs.head(1).with_columns(item=pl.lit(min(new), pl.Int64), rating=pl.lit(5.0))
    pl.concat([ratings, rated]).write_parquet(data / "ratings.parquet")

    again = terminal.succeed("nightly", *asking(llm, data, "--refit", 0))

    assert "new lists for 1: ratings arrived" in again.stderr
    asked = llm.calls()[ALL_REQUESTS:]
    assert len(asked) == PER_USER
    blocks = {call.user.split("<items")[0] for call in asked if call.items}
    assert len(blocks) == 1, "all about one person"


def test_a_server_that_is_down_degrades_the_night_to_the_base_lists(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    command = asking(llm, people, "--llm-patience", 1)
    llm.stop()
    done = terminal.succeed("nightly", *command)
    assert "DEGRADED" in done.stdout and "--llm-patience" in done.stdout
    status = query(home, "SELECT status, note, unscored, candidates FROM latest_run").row(0)
    assert status[0] == "degraded" and "has not answered" in status[1]
    assert status[2] == status[3]
    state, remarks = query(home, "SELECT state, remarks FROM latest_run").row(0)
    assert state is None and "whole numbers" in remarks, "what was recognised stands in the record"
    moved = query(home, "SELECT * FROM ranked_items WHERE rank <> base_rank")
    assert moved.is_empty()

    llm.start()
    terminal.succeed("nightly", *command)
    assert query(home, "SELECT status FROM latest_run").item() == "complete"


def test_while_the_server_is_down_only_who_changed_falls_back_and_the_next_night_makes_it_good(
    llm: FakeLLM, people: Path, tmp_path: Path, terminal: Terminal
) -> None:
    home, data = terminal.home, tmp_path / "data"
    shutil.copytree(people, data)
    command = asking(llm, data, "--llm-patience", 1)
    terminal.succeed("nightly", *command)
    earlier = "SELECT * FROM ranked_items WHERE run_id = $run ORDER BY ALL"
    first = query(home, "SELECT run_id FROM runs").item()
    lists = query(home, earlier, {"run": first})
    arrived = pl.DataFrame({"user": 3, "item": [60], "rating": 5.0, "timestamp": 1})
    (data / "ratings").mkdir()
    arrived.write_parquet(data / "ratings" / "new.parquet")

    llm.stop()
    terminal.succeed("nightly", *command)
    assert query(home, "SELECT status FROM latest_run").item() == "degraded"
    assert query(home, earlier, {"run": first}).equals(lists)
    tonight = "FROM ranked_items JOIN latest_run USING (run_id)"
    base = query(home, f"SELECT DISTINCT user {tonight} WHERE listed_in = run_id")
    assert base["user"].to_list() == ["3"]
    moved = query(home, f"SELECT count(*) {tonight} WHERE user = '3' AND rank <> base_rank")
    kept = query(home, f"SELECT count(*) {tonight} WHERE user <> '3' AND rank <> base_rank")
    assert moved.item() == 0 and kept.item() > 0

    llm.start()
    terminal.succeed("nightly", *command)
    assert query(home, "SELECT status FROM latest_run").item() == "complete"
    again = query(home, f"SELECT count(similarity) {tonight} WHERE user = '3'").item()
    assert again > 0


def test_a_refused_key_stops_the_night_at_once_and_nothing_is_published(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    llm.script(faults.bad_key())
    done = terminal.run("nightly", *asking(llm, people, "--llm-concurrency", 2))
    assert done.returncode == 1
    assert "OPENAI_API_KEY" in done.stderr and KEY not in done.stderr
    assert len(llm.calls()) <= 2, "Prefect tries nothing again that the engine has classified"
    assert not (home / "palate.duckdb").exists()

    llm.script()
    terminal.succeed("nightly", *asking(llm, people))
    answered = [call for call in llm.calls() if call.fault is None]
    assert len(answered) == ALL_REQUESTS


@pytest.mark.parametrize(
    ("fault", "cause"),
    [(faults.status(400), "HTTP 400"), (faults.malformed(), "no valid answer")],
    ids=["400", "prose"],
)
def test_a_server_that_gives_nothing_of_use_ends_the_night_soon_and_says_why(
    llm: FakeLLM, people: Path, tmp_path: Path, terminal: Terminal, fault: faults.Fault, cause: str
) -> None:
    llm.script(fault)
    program = json.dumps([sys.executable, "-c", READS, str(tmp_path / "told")])
    done = terminal.run("nightly", *asking(llm, people), PALATE_NOTIFY_COMMAND=program)
    assert done.returncode == 1 and cause in done.stderr
    assert len(llm.calls()) <= 20
    body = json.loads((tmp_path / "told").read_text())
    assert body["status"] == "failed" and cause in body["reason"]


def test_who_lacks_scores_gets_base_lists_and_the_night_is_degraded_until_it_is_made_good(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    terminal.succeed("nightly", *asking(llm, people))
    asked = [call.user.split("<items")[0] for call in llm.calls() if call.items]
    some = [block.split("\n")[1] for block in sorted(set(asked))[:3]]
    for file in home.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()

    llm.script(*(faults.status(400, contains=f"{words}\n") for words in some))
    done = terminal.succeed("nightly", *asking(llm, people))
    status, note, unscored = query(home, "SELECT status, note, unscored FROM latest_run").row(0)
    assert status == "degraded" and "HTTP 400" in note and "(25%)" in note
    assert unscored == 3 * CANDIDATES and "DEGRADED" in done.stdout
    plain = "SELECT user FROM ranked_items GROUP BY user HAVING bool_and(rank = base_rank)"
    assert query(home, plain).height == 3

    llm.script()
    before = len(llm.calls())
    terminal.succeed("nightly", *asking(llm, people))
    assert query(home, "SELECT status, unscored FROM latest_run").row(0) == ("complete", 0)
    assert len(llm.calls()) - before == 3 * CANDIDATES // PER_REQUEST


def test_a_limit_stops_cleanly_and_the_same_command_carries_on(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    home = terminal.home
    command = asking(llm, people, "--max-requests", 20)
    stopped = terminal.run("nightly", *command)
    assert stopped.returncode == 1 and "--max-requests" in stopped.stderr
    assert len(llm.calls()) == 20
    assert not (home / "palate.duckdb").exists()
    terminal.succeed("nightly", *asking(llm, people))
    assert len(llm.calls()) == ALL_REQUESTS


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_night_stopped_while_asking_repeats_only_what_was_in_flight(
    how: signal.Signals, people: Path, tmp_path: Path, with_server: str, terminal: Terminal
) -> None:
    home, in_flight = terminal.home, 3
    with fake_llm(tmp_path / "llm", latency=0.2) as llm:
        command = asking(llm, people, "--llm-concurrency", in_flight)
        process = start("nightly", *command, "--home", home)
        deadline = time.monotonic() + 60
        while len(llm.calls()) < 20:
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.02)
        process.send_signal(how)
        _, err = process.communicate(timeout=30)
        assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL), err
        before = len(llm.calls())
        assert before < ALL_REQUESTS
        terminal.succeed("nightly", *command)
        asked = [call.user for call in llm.calls()]
    repeated = len(asked) - len(set(asked))
    assert len(set(asked)) == ALL_REQUESTS
    assert repeated <= (in_flight if how == signal.SIGKILL else 0)
    lost = query(home, "SELECT sum(perhaps_billed_in_vain)::BIGINT FROM llm_usage").item()
    assert repeated <= lost <= (in_flight if how == signal.SIGKILL else 0)


def test_recommend_asks_the_model_for_one_person(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    done = terminal.succeed(
        *("recommend", "--data", people, *PLAIN, "--top", 5),
        *("--rate", "#1=5", "--rate", "#2=1", "--rate", "#3=4", "--taste", "I like trains"),
        *("--scorer", "llm", "--llm-model", "fake-1", "--llm-base-url", llm.url),
        *("--llm-ask", "numbers"),
    )
    assert "I like trains" in done.stdout
    assert all("I like trains" in call.user for call in llm.calls())
    assert len(llm.calls()) == 3, "57 items in three requests; the typed taste is not rewritten"


def test_enrich_asks_tmdb_then_the_model_and_later_nights_show_what_was_found(
    llm: FakeLLM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    data, home = write_movielens(tmp_path / "films"), terminal.home
    monkeypatch.setenv("TMDB_API_KEY", V3)
    model = ["--llm-model", "fake-1", "--llm-base-url", llm.url]
    with fake_tmdb(tmp_path / "tmdb", [movie(949, "Heat")]) as tmdb:
        command = ["enrich", "--data", data, "--home", home, *model]
        done = succeed(*command, PALATE_TMDB_URL=tmdb.url)
        found = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in _rows(done)}
        assert found == {
            "in the catalogue": "0",
            "from TMDB": "1",
            "from the language model": str(len(MOVIES) - 1),
            "still missing": "0",
        }
        assert ATTRIBUTION in done.stdout
    asked = len(llm.calls())
    _nowhere(V3, home)
    recommend = ["--rate", f"#{MOVIES[1][0]}=5", "--taste", "anything", "--top", 1]
    terminal.succeed("recommend", "--data", data, *PLAIN, "--scorer", "llm", *recommend, *model)
    assert any("What happens in Heat." in call.user for call in llm.calls()[asked:])


def _rows(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith("│")]


def test_the_model_settles_a_title_that_could_be_several(
    llm: FakeLLM, people: Path, terminal: Terminal
) -> None:
    titles = pl.read_parquet(people / "items.parquet")["title"].str.replace(r" \d+$", "")
    shared = titles.value_counts().filter(pl.col("count") > 2)["title"].sort()[0]
    command = ["recommend", "--data", people, *PLAIN, "--top", 3]
    rated = ["--rate", f"{shared}=5", "--taste", "I like trains"]
    settled = terminal.succeed(*command, *rated, "--llm-model", "fake-1", "--llm-base-url", llm.url)
    assert f"You rated {shared}" in settled.stdout
    assert next(call.user for call in llm.calls()).startswith("<question>")
