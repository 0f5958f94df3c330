"""Nights and measurements with what people typed, by the default method."""

import json
from pathlib import Path

import polars as pl
import pytest

from tasks.store.query import query
from tests.support.datasets import write_generic
from tests.support.in_process import Terminal

PEOPLE, STRANGER, SILENT, STEERED, UNMOVED = 200, 900, 901, 3, 4
TASTE = "orchards, violins and the theatre"
QUIET = ("--no-report", "--measure-users", 0)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("data"), users=PEOPLE)


def profiles(folder: Path, weight: float) -> Path:
    file = folder / "typed.csv"
    rows = f"{STRANGER},{TASTE},\n{SILENT},,\n{STEERED},{TASTE},{weight}\n{UNMOVED},{TASTE},0\n"
    file.write_text("user,text,taste_weight\n" + rows.replace(TASTE, f'"{TASTE}"'), "utf-8")
    return file


@pytest.fixture(scope="module")
def nights(
    data: Path, tmp_path_factory: pytest.TempPathFactory, server: str
) -> tuple[Terminal, list[str]]:
    """A night without words, one with, and one on which somebody's words weigh less."""
    terminal = Terminal(tmp_path_factory.mktemp("nights"), server)
    folder = tmp_path_factory.mktemp("typed")
    said = []
    for weight in (None, 1.0, 0.3):
        words = [] if weight is None else ["--profiles", profiles(folder, weight)]
        said.append(terminal.succeed("nightly", "--data", data, *QUIET, *words).stderr)
    return terminal, said


def lists(terminal: Terminal, night: int) -> pl.DataFrame:
    asked = "SELECT run_id FROM runs ORDER BY started_at_utc"
    run = query(terminal.home, asked)["run_id"][night]
    rows = f"SELECT user, item, rank, score FROM ranked_items WHERE run_id = '{run}' ORDER BY ALL"
    return query(terminal.home, rows)


def of(rows: pl.DataFrame, user: int) -> list[tuple[str, int]]:
    return rows.filter(pl.col("user") == str(user)).select("item", "rank").sort("rank").rows()


def test_strangers_who_typed_something_or_nothing_are_served_and_it_is_said(
    nights: tuple[Terminal, list[str]],
) -> None:
    terminal, said = nights
    served = lists(terminal, 1)
    assert served["user"].n_unique() == PEOPLE + 2
    assert len(of(served, STRANGER)) >= 10 and len(of(served, SILENT)) >= 10
    assert "2 people of --profiles have rated nothing" in said[1]
    assert of(served, STRANGER) != of(served, SILENT)
    asked = "SELECT user, taste, taste_weight FROM tastes ORDER BY run_id, user::BIGINT"
    typed = [(str(STEERED), TASTE, 1.0), (str(UNMOVED), TASTE, 0.0), (str(STRANGER), TASTE, None)]
    assert query(terminal.home, asked).rows()[:3] == typed


def test_words_steer_whoever_typed_them_and_nobody_else(
    nights: tuple[Terminal, list[str]],
) -> None:
    terminal, _ = nights
    before, after = lists(terminal, 0), lists(terminal, 1)
    assert of(before, STEERED) != of(after, STEERED)
    typed = [str(user) for user in (STEERED, UNMOVED, STRANGER, SILENT)]
    left, right = (rows.filter(~pl.col("user").is_in(typed)) for rows in (before, after))
    assert left.equals(right)
    asked = "SELECT DISTINCT user FROM latest_recommendations WHERE reasons LIKE '%you asked%'"
    told = query(terminal.home, asked)["user"].sort().to_list()
    assert told == [str(STEERED), str(STRANGER)], "a weight of 0 ignores words"


def test_another_weight_alone_makes_that_persons_list_anew(
    nights: tuple[Terminal, list[str]],
) -> None:
    terminal, _ = nights
    reasons = query(terminal.home, "SELECT reason, users FROM changes ORDER BY ALL").rows()
    assert ("typed taste changed", 1) in reasons
    assert of(lists(terminal, 1), STEERED) != of(lists(terminal, 2), STEERED)


def test_tastes_are_measured_with_and_without_their_words(
    data: Path, tmp_path: Path, terminal: Terminal
) -> None:
    items = pl.read_parquet(data / "items.parquet")
    fitting = [
        {"taste": title, "items": items.filter(pl.col("title") == title)["item"].to_list()}
        for title in items["title"].head(4)
    ]
    file = tmp_path / "wishes.json"
    file.write_text(json.dumps(fitting), encoding="utf-8")
    words = ("--data", data, "--protocol", "wishes", "--wishes", file)
    done = terminal.succeed("evaluate", *words)
    assert "no ratings" in done.stdout and "three unfitting ratings" in done.stdout
    means = "SELECT count(*), avg(fit), avg(fit_without) FROM wishes"
    count, fit, without = query(terminal.home, means).row(0)
    assert count == 4 * 11 and fit > without
    assert query(terminal.home, "SELECT count(*) FROM wish_lists").item() > 4 * 3 * 10
    shown = json.loads(terminal.succeed("evaluate", *words, "--json").stdout)
    assert {row["situation"] for row in shown["rows"]} >= {"no ratings", "ratings of a user"}
    pages = terminal.succeed("results").stdout.split()
    assert any(Path(page).name.startswith("wishes-") for page in pages)
    text = Path(pages[-1]).read_text(encoding="utf-8")
    assert "## Tastes in words" in text and "three unfitting ratings" in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not a list of tastes"),
        ("[]", "holds no taste"),
        ('[{"taste": "x", "items": [99999]}]', "no item of the data set fits taste 1"),
    ],
)
def test_a_file_of_tastes_that_is_none_is_refused(
    content: str, says: str, data: Path, tmp_path: Path, terminal: Terminal
) -> None:
    file = tmp_path / "wishes.json"
    file.write_text(content, encoding="utf-8")
    words = ("--data", data, "--protocol", "wishes", "--wishes", file)
    done = terminal.run("evaluate", *words)
    assert done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr


def test_the_file_and_the_protocol_go_together(data: Path, terminal: Terminal) -> None:
    for words in (("--protocol", "wishes"), ("--wishes", "tastes.json")):
        done = terminal.run("evaluate", "--data", data, *words)
        assert done.returncode == 1 and "go together" in done.stderr


def test_a_night_whose_wishes_no_model_could_read_is_degraded_and_steered_by_rules(
    data: Path, tmp_path: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-for-tests-only")
    model = ("--llm-model", "gone", "--llm-base-url", "http://127.0.0.1:9/v1", "--llm-patience", 1)
    words = ("--profiles", profiles(tmp_path, 1.0))
    done = terminal.succeed("nightly", "--data", data, *QUIET, *words, *model)
    assert "DEGRADED" in done.stdout and "Typed words were read by rules alone" in done.stdout
    asked = "SELECT DISTINCT user FROM latest_recommendations WHERE reasons LIKE '%you asked%'"
    assert str(STEERED) in query(terminal.home, asked)["user"].to_list()
