"""What the command line says and refuses; no Prefect server is needed."""

import csv
import errno
import io
import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

import sql
from flows.cli import recommend as commands
from flows.cli.app import app, terminal
from flows.cli.recommend import show_recommendation
from flows.outcomes import Recommendation, TasteList
from tasks.core.errors import AmbiguousTitleError
from tasks.store.warehouse import publish
from tests.store.rows import a_run
from tests.support.command import run, succeed
from tests.support.in_process import Terminal, run_here, succeed_here


@pytest.fixture
def home(tmp_path: Path) -> Path:
    publish(tmp_path, a_run("20260101-000000-aaaaaa", title='[bold]Heat[/bold], the "first"'))
    return tmp_path


def test_help_names_every_command() -> None:
    text = succeed("--help").stdout
    for command in (
        "nightly",
        "recommend",
        "evaluate",
        "replay",
        "experiment",
        "sql",
        "datasets",
        "report",
    ):
        assert command in text


def test_help_loads_none_of_what_commands_need() -> None:
    code = (
        "import sys; sys.argv = ['palate', '--help']\n"
        "from flows.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: print([n for n in ('prefect', 'duckdb', 'openai') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    "command",
    ["nightly", "recommend", "estimate", "evaluate", "replay", "experiment", "compare", "doctor"],
)
def test_help_fits_a_screen_and_says_where_the_rest_is(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "console", Console(width=100))
    text = succeed_here(command, "--help").stdout
    assert len(text.splitlines()) <= 40
    for option in ("--data", "--home", "--config", "--method", "--top", "--scorer", "--llm-model"):
        assert f" {option} " in text
    assert f"palate {command} --help-all" in text and "--tuning" not in text


def test_all_options_are_shown_by_group_with_the_values_that_will_be_used() -> None:
    text = succeed_here("nightly", "--help-all").stdout
    for title in ("What to recommend", "Method", "Learned order", "Language model", "Models"):
        assert f" {title} " in text
    shown = ("--tuning", "--learn-users", "--refit", "--weights.popularity", "[default: ease]")
    assert all(part in text for part in (*shown, "'sharp-ease': 100", "[default: movielens]"))
    learned = succeed_here("evaluate", "--help-learned").stdout
    assert "--learn-users" in learned and "[default: 1000]" in learned
    assert "--refit" not in learned and "--data" not in learned
    assert "--tuning" not in succeed_here("nightly", "--help").stdout
    refused = run_here("nightly", "--help-everything")
    assert refused.returncode == 1 and "--help-all" in refused.stderr


def test_the_version_is_that_of_the_installed_package() -> None:
    said = succeed_here("--version").stdout.strip()
    assert said == f"palate {version('palate')}, Python {platform.python_version()}"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        pl.exceptions.ComputeError("No space left on device (os error 28)"),
    ],
)
def test_a_full_disk_is_one_line_with_the_place_and_what_is_free(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr("flows.cli.results.home_given", fail)
    done = run_here("sql", "best_method")
    assert done.returncode == 1
    said = done.stderr.splitlines()
    assert said[0].startswith("Error: The disk of /") and " MB are free on /" in said[0]
    assert len(said) == 2 and "palate gc" in said[1]


def test_datasets_lists_names_and_formats() -> None:
    text = succeed("datasets").stdout
    assert "movielens" in text and "ml-latest-small" in text and "ratings.parquet" in text


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["nightly", "--top", "0"], {}, ["top: ", "given: 0", "PALATE_TOP"]),
        (["nightly", "--topp", "3"], {}, ["--topp", "Did you mean"]),
        (["nightly"], {"PALATE_MODEL": "nearest"}, ["no base model 'nearest'", "ease"]),
        (["nightly"], {"PALATE_MAXCOST": "1"}, ["PALATE_MAXCOST: ", "nearest is PALATE_MAX_COST."]),
        (["nightly", "--tuning", "0.5"], {}, ["tuning and depth go together"]),
        (["nightly", "--config", "nowhere.toml"], {}, ["nowhere.toml", "cannot be read"]),
        (["nightly", "--search-count", "5"], {}, ["5 candidates cannot fill a list of 10"]),
        (
            ["nightly", "--model", "als", "--sources.als", "0"],
            {},
            ["sources: als", "set sources.als"],
        ),
        (["nightly", "--method", "nearest"], {}, ["--method nearest", "best, paper"]),
    ],
)
def test_a_wrong_setting_says_where_to_set_it(
    arguments: list[str], environment: dict[str, str], said: list[str], tmp_path: Path
) -> None:
    done = run_here(*arguments, PALATE_HOME=str(tmp_path), **environment)
    assert done.returncode == 1
    assert all(part in done.stderr for part in said), done.stderr
    assert "Traceback" not in done.stderr


def test_sql_prints_json_and_csv_whole(home: Path) -> None:
    asked = "SELECT user, rank, title FROM latest_recommendations"
    rows = json.loads(succeed("sql", asked, "--home", home, "--format", "json").stdout)
    assert rows == [{"user": "1", "rank": 1, "title": '[bold]Heat[/bold], the "first"'}]
    printed = succeed_here("sql", asked, "--home", home, "--format", "csv").stdout
    assert next(csv.DictReader(io.StringIO(printed)))["title"] == rows[0]["title"]


def test_sql_writes_files_by_their_ending_and_lists_its_questions(
    home: Path, tmp_path: Path
) -> None:
    for name, read in (("a.parquet", pl.read_parquet), ("a.csv", pl.read_csv)):
        succeed_here("sql", "most_recommended", "--home", home, "--out", tmp_path / name)
        assert read(tmp_path / name)["title"].item() == '[bold]Heat[/bold], the "first"'
    refused = run_here("sql", "FROM runs", "--home", home, "--out", tmp_path / "a.txt")
    assert refused.returncode == 1 and "--format csv, json or parquet" in refused.stderr
    assert succeed_here("sql").stdout == succeed_here("questions").stdout
    assert "last_nights" in succeed_here("questions").stdout


def test_sql_prints_markup_in_titles_as_text(home: Path) -> None:
    assert (
        "[bold]Heat[/bold]"
        in succeed_here("sql", "FROM latest_recommendations", "--home", home).stdout
    )


def test_sql_takes_a_file_or_a_shipped_question(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.sql"
    file.write_text("SELECT 40 + 2 AS answer", encoding="utf-8")
    assert "42" in succeed_here("sql", file, "--home", home).stdout
    assert "Heat" in succeed_here("sql", "most_recommended", "--home", home).stdout
    shipped = Path(sql.__file__).parent / "questions" / "most_recommended.sql"
    assert "Heat" in succeed_here("sql", shipped, "--home", home).stdout


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO runs SELECT * FROM runs",
        "DROP TABLE runs",
        "COPY runs TO 'stolen.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SET enable_external_access = true",
        "ATTACH 'other.duckdb'",
    ],
)
def test_sql_can_neither_write_nor_reach_out(statement: str, home: Path) -> None:
    before = (home / "palate.duckdb").read_bytes()
    done = run_here("sql", statement, "--home", home)
    assert done.returncode == 1
    assert statement in done.stderr and "Traceback" not in done.stderr
    assert (home / "palate.duckdb").read_bytes() == before


def test_sql_without_results_says_how_to_get_them(tmp_path: Path) -> None:
    done = run_here("sql", "SELECT 1", "--home", tmp_path)
    assert done.returncode == 1 and "palate nightly" in done.stderr


def test_report_writes_the_page_about_the_last_night_or_a_named_one(home: Path) -> None:
    page = home / "reports" / "20260101-000000-aaaaaa.html"
    assert succeed_here("report", "--home", home).stdout == f"{page}\n"
    text = page.read_text(encoding="utf-8")
    assert "made-up" in text and (page.parent / "latest.html").read_text(encoding="utf-8") == text
    named = home / "named.html"
    succeed_here("report", page.stem, "--home", home, "--out", named)
    assert named.read_text(encoding="utf-8") == text
    done = run_here("report", "20260202-000000-bbbbbb", "--home", home)
    assert done.returncode == 1 and "there is no night 20260202-000000-bbbbbb" in done.stderr


def test_bad_data_ends_the_night_with_one_clear_error(
    tmp_path: Path, made_up: Path, terminal: Terminal
) -> None:
    data = tmp_path / "bad"
    data.mkdir()
    (data / "items.parquet").write_bytes((made_up / "items.parquet").read_bytes())
    (data / "ratings.csv").write_text("user,item,rating\n1,1,4\n1,2,lots\n", encoding="utf-8")
    home = terminal.home
    done = terminal.run("nightly", "--data", data)
    assert done.returncode == 1
    assert "ratings.csv, row 3, column 'rating': 'lots' is not a number" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "artifacts").exists() and not (home / "palate.duckdb").exists()


def test_a_home_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    done = run("nightly", "--home", tmp_path / "file" / "home")
    assert done.returncode == 1
    assert str(tmp_path / "file") in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(("answer", "chosen"), [("2", "#9=4"), ("3", None), ("", None)])
def test_somebody_at_a_terminal_is_asked_which_title_is_meant(
    answer: str, chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = AmbiguousTitleError({"Heat": [("6", "Heat (1995)"), ("9", "Heat (1986)")]})
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(terminal, "input", lambda _prompt: answer)
    if chosen is None:
        with pytest.raises(AmbiguousTitleError):
            commands._ask_which(unsure, ["Alien=5", "Heat=4"])
    else:
        assert commands._ask_which(unsure, ["Alien=5", "Heat=4"]) == ["Alien=5", chosen]


def test_somebody_who_rated_everything_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    empty = TasteList(taste=None, weight=0.0, notes=[], items=[], base=[])
    given = Recommendation(rated=[("Heat (1995)", 4.0)], lists=[empty])
    show_recommendation(given, compare=False)
    printed = capsys.readouterr().out
    assert "You rated Heat (1995): 4" in printed and "Nothing is left to recommend" in printed
