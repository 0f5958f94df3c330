"""`palate compare`, by its command: of an existing user, and of a new person."""

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.store.query import query
from tasks.store.warehouse import database_file, publish
from tests.report.blind.samples import a_night
from tests.report.blind.visitor import Visitor
from tests.support.command import start
from tests.support.in_process import Terminal, run_here

ADDRESS = re.compile(r"http://\S+")
NIGHT = {"Alien": (1, 3, 3), "Heat": (2, 1, 1), "Smoke": (3, 2, 2)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publish(tmp_path, a_night("run-1", NIGHT))
    return tmp_path


Clicking = Callable[[str], list[str]]


@pytest.fixture
def clicking(monkeypatch: pytest.MonkeyPatch) -> Clicking:
    """Makes of `--open` a browser that looks, and chooses by itself; gives the pages it saw."""

    def choosing(letter: str) -> list[str]:
        pages: list[str] = []

        def browse(address: str) -> None:
            visitor = Visitor(address)
            pages.append(visitor.enter().text)
            visitor.choose(letter)

        monkeypatch.setattr("webbrowser.open", browse)
        return pages

    return choosing


def visitor_of(process: subprocess.Popen[str]) -> Visitor:
    """Waits for the address."""
    assert process.stdout
    return Visitor(next(match[0] for line in process.stdout if (match := ADDRESS.search(line))))


def test_stopped_or_killed_before_the_choice_it_leaves_the_results_as_they_were(home: Path):
    before = database_file(home).read_bytes()
    running = [start("compare", "--user", "1", "--home", home) for _ in range(2)]
    for process in running:
        assert "Alien" in visitor_of(process).enter().text
    running[0].send_signal(signal.SIGINT)
    running[1].kill()
    _, output = running[0].communicate(timeout=20)
    running[1].communicate(timeout=20)
    assert running[0].returncode == 130 and "Interrupted" in output and "Traceback" not in output
    assert database_file(home).read_bytes() == before


def test_a_choice_is_recorded_the_command_ends_and_the_next_one_draws_anew(
    home: Path, clicking: Clicking
):
    pages = clicking("A")
    done, _ = (run_here("compare", "--user", "1", "--home", home, "--open") for _ in range(2))
    row, other = query(home, "FROM choices ORDER BY chosen_at_utc").to_dicts()
    assert "Alien" in pages[0] and done.returncode == 0
    assert f"Chosen: A, the {row['first'].replace('reranked', 're-ranked')} list." in done.stdout
    assert (row["user"], row["run_id"], row["chosen"]) == ("1", "run-1", row["first"])
    assert row["seed"] != other["seed"]
    assert query(home, "SELECT count(*) FROM ranked_items").item() == 3


def test_equal_lists_are_not_asked_about(tmp_path: Path):
    publish(tmp_path, a_night("run-1", {"Alien": (1, 1, 1), "Heat": (2, 2, 2)}))
    before = database_file(tmp_path).read_bytes()
    done = run_here("compare", "--user", "1", "--home", tmp_path, "--timeout", "0.01")
    assert done.returncode == 0 and "nothing to choose" in done.stdout
    assert database_file(tmp_path).read_bytes() == before


def test_nobody_choosing_in_time_is_said(home: Path):
    done = run_here("compare", "--user", "1", "--home", home, "--timeout", "0.001")
    assert done.returncode == 1 and "Nobody chose within 0.001 minutes" in done.stderr


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ([], "whose lists"),
        (["--user", "1", "--taste", "violins"], "whose lists"),
        (["--taste", "violins", "--run", "run-1"], "no list of any night"),
        (["--user", "1", "--timeout", "0"], "nobody can choose"),
        (["--user", "9"], "no list for user 9"),
    ],
)
def test_what_makes_no_sense_is_refused(home: Path, words: list[str], output: str):
    done = run_here("compare", "--home", home, *words)
    assert done.returncode == 1 and output in done.stderr and "Traceback" not in done.stderr


def test_a_new_person_compares_lists_ranked_for_them_and_their_taste_is_not_kept(
    made_up: Path, terminal: Terminal, clicking: Clicking
):
    pages = clicking("neither")
    taste = "slow desert trains by the harbour"
    done = terminal.succeed("compare", "--data", made_up, "--taste", taste, "--open")
    assert "Chosen: no difference" in done.stdout
    assert pages[0].count("<li>") == 20
    row = query(terminal.home, "FROM choices").row(0, named=True)
    assert (row["dataset"], row["run_id"], row["user"]) == ("made-up", None, None)
    base, reranked = json.loads(row["base_items"]), json.loads(row["reranked_items"])
    assert len(base) == len(reranked) == 10 and base != reranked
    assert not any("harbour" in str(value) for value in row.values())
