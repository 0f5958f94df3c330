"""Grids of methods on made-up data: what runs, what does not and says why, what a kill costs."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import sql
from flows.cells import Evaluation
from flows.commands.evaluation import experiment as command
from flows.evaluate import EvaluationResult
from flows.experiment import experiment
from flows.shown.figures import show_experiment
from tasks.errors import (
    BadDataError,
    DatasetNotFoundError,
    LlmDownError,
    LlmSetupError,
    SettingsError,
    StoppedError,
    TooLittleDataError,
)
from tasks.evaluation.cell import Cell, CellResult
from tasks.evaluation.grid import read_grid
from tasks.evaluation.options import EvaluationSettings
from tasks.steps import Steps
from tasks.store.query import find_statement, query
from tests.support.command import start
from tests.support.datasets import write_generic
from tests.support.in_process import flows_in

FIGURES = ("cell_metrics", "user_metrics", "comparisons", "losing_lists")

GRID = """
name = "small"
title = "A small grid"
[settings]
data = "films"
seeds = 2
search_count = 20

[[cells]]
label = "all"
model = ["svd", "knn"]

[[cells]]
label = "without similarity"
weights = { similarity = 0 }
model = ["svd", "knn"]

[[cells]]
label = "broken"
data = "broken"

[[cells]]
label = "nowhere"
data = "nowhere"

[[cells]]
label = "asked"
scorer = "llm"

[[cells]]
label = "baseline"
reranker = "none"
model = "popularity"

[[comparisons]]
of = "all"
against = "without similarity"
says = "what similarity adds"

[[comparisons]]
of = "all"
against = "baseline"
says = "against the most popular"

[[comparisons]]
of = "all"
against = "nowhere"
says = "against nothing"

[[published]]
source = "a paper"
method = "SVD"
protocol = "loo"
model = "svd"
metric = "NDCG"
k = 10
value = 0.09
corrected = 0.1

[[published]]
source = "a paper"
method = "SVD + words"
protocol = "loo"
model = "svd"
label = "all"
metric = "NDCG"
k = 10
value = 0.15
"""

LABELS = ["all", "all", "without similarity", "without similarity", "broken", "nowhere", "asked"]
LABELS += ["baseline"]


class Place:
    """A grid with a collection of data sets, and how the command is told of both."""

    def __init__(self, folder: Path) -> None:
        self.grid = folder / "grid.toml"
        self.grid.write_text(GRID, encoding="utf-8")
        self.collection = folder / "collection"
        write_generic(self.collection / "films", users=14, items=40, per_user=14)
        shutil.copytree(self.collection / "films", self.collection / "broken")
        (self.collection / "broken" / "ratings.parquet").write_bytes(b"PAR1, but no more")

    def start(self, home: Path, server: str) -> subprocess.Popen[str]:
        given = {"PALATE_DATA_DIR": str(self.collection), "PREFECT_API_URL": server}
        return start("experiment", self.grid, "--home", home, "--json", **given)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="module")
def undisturbed(
    place: Place, tmp_path_factory: pytest.TempPathFactory, server: str
) -> tuple[Path, dict[str, Any], str]:
    """The home of a grid that ran in peace, its JSON, and its progress."""
    home = tmp_path_factory.mktemp("undisturbed")
    process = place.start(home, server)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    return home, json.loads(out, parse_constant=pytest.fail), err


@pytest.fixture
def home(undisturbed: tuple[Path, dict[str, Any], str]) -> Path:
    return undisturbed[0]


def test_cells_without_anything_to_run_on_say_why_and_the_others_have_figures(
    undisturbed: tuple[Path, dict[str, Any], str],
) -> None:
    home, said, progress = undisturbed
    cells = query(home, "SELECT label, status, note, users FROM cells ORDER BY cell")
    assert cells["label"].to_list() == LABELS
    ran = cells.filter(status="run")
    assert ran["label"].to_list() == [*LABELS[:4], "baseline"]
    assert ran["note"].null_count() == ran.height and set(ran["users"]) == {28}
    why = {row["label"]: (row["status"], row["note"]) for row in said["without_figures"]}
    assert why.keys() == {"broken", "nowhere", "asked"}
    assert why["broken"][0] == "failed" and "ratings.parquet" in why["broken"][1]
    assert why["nowhere"][0] == "not run" and "'nowhere' is neither a folder" in why["nowhere"][1]
    assert why["asked"][0] == "not run" and "PALATE_LLM_MODEL" in why["asked"][1]
    assert all(note in progress.replace("\n", "") for _, note in why.values())
    assert {cell["label"] for cell in said["cells"]} == set(ran["label"])


def test_the_run_says_which_grid_it_was_and_that_it_is_not_whole(home: Path) -> None:
    run = query(home, "SELECT * FROM runs").row(0, named=True)
    assert (run["flow"], run["status"], run["dataset"]) == ("experiment", "degraded", None)
    assert run["note"] == "3 of 8 cells have no figures"
    assert json.loads(run["config"])["title"] == "A small grid"


def test_declared_comparisons_are_paired_by_model_and_by_user(home: Path) -> None:
    told = query(home, "SELECT * FROM ablation WHERE metric = 'NDCG' AND k = 10")
    pairs = {says: [] for says in told["says"]}  # type: ignore[var-annotated]
    for says, mine, theirs in told.select("says", "model", "against_model").rows():
        pairs[says].append((mine, theirs))
    assert {says: sorted(some) for says, some in pairs.items()} == {
        "what similarity adds": [("knn", "knn"), ("svd", "svd")],
        "against the most popular": [("knn", "popularity"), ("svd", "popularity")],
    }
    assert set(told["experiment"]) == {"small"} and set(told["users"]) == {14}
    values = query(
        home,
        "SELECT model, label, user, avg(value) AS value FROM user_metrics JOIN cells"
        " USING (run_id, cell) WHERE metric = 'NDCG' AND k = 10 AND list = 'reranked' GROUP BY ALL",
    )
    for model in ("svd", "knn"):
        mine, theirs = (
            values.filter(model=model, label=label).sort("user")["value"]
            for label in ("all", "without similarity")
        )
        row = told.filter(model=model, says="what similarity adds").row(0, named=True)
        assert row["difference"] == pytest.approx((mine - theirs).mean())
        assert row["better"] == pytest.approx((mine > theirs).mean())
        assert row["difference"] == pytest.approx(row["mean"] - row["against_mean"])


def test_every_reranked_list_is_held_against_its_base_list(home: Path) -> None:
    lift = query(home, "SELECT * FROM lift_over_base WHERE metric = 'NDCG' AND k = 10")
    assert lift["label"].to_list() == LABELS[:4]
    for row in lift.to_dicts():
        assert row["relative"] == pytest.approx(row["difference"] / row["base"])


@pytest.mark.parametrize(
    "view", ["leaderboard", "ablation", "lift_over_base", "cost_per_point", "losers", "figures"]
)
def test_a_view_over_grids_gives_rows(home: Path, view: str) -> None:
    assert query(home, f"FROM {view}").height


def test_the_leaderboard_has_a_row_per_method(home: Path) -> None:
    board = query(home, "SELECT method, model, ndcg FROM leaderboard")
    assert sorted(board.select("method", "model").rows()) == [
        ("all", "knn"),
        ("all", "svd"),
        ("base: knn", "knn"),
        ("base: popularity", "popularity"),
        ("base: svd", "svd"),
        ("without similarity", "knn"),
        ("without similarity", "svd"),
    ]
    assert board["ndcg"].is_sorted(descending=True)


def test_losers_are_users_whose_list_got_worse(home: Path) -> None:
    shown = query(home, "SELECT DISTINCT cell, user FROM losers")
    worse = query(
        home,
        "SELECT base.cell, base.user FROM user_metrics AS base JOIN user_metrics AS ours"
        " USING (run_id, cell, seed, user, metric, k) WHERE base.list = 'base'"
        " AND ours.list = 'reranked' AND metric = 'NDCG' AND k = 10 AND seed = 0"
        " AND ours.value < base.value",
    )
    assert sorted(shown.rows()) == sorted(worse.rows())


def test_every_statement_that_ships_runs_on_an_experiment(home: Path) -> None:
    run = {"run_id": query(home, "SELECT run_id FROM runs").item()}
    folder = Path(sql.__file__).parent
    for file in (folder / "evaluation").glob("*.sql"):
        assert query(home, sql.statement(f"evaluation/{file.name}"), run).height, file.name
    for name in sql.questions():
        query(home, find_statement(name))
    for view in sql.VIEWS:
        query(home, f"FROM {view}")


def test_published_figures_stand_beside_ours(home: Path) -> None:
    run = {"run_id": query(home, "SELECT run_id FROM runs").item()}
    rows = query(home, sql.statement("evaluation/beside_published.sql"), run)
    ours = query(home, "FROM figures").filter(metric="NDCG", k=10, model="svd", label="all")
    means = dict(ours.select("list", "mean").iter_rows())
    assert rows.select("method", "dataset", "published", "corrected", "ours").rows() == [
        ("SVD", "films", 0.09, 0.1, means["base"]),
        ("SVD + words", "films", 0.15, None, means["reranked"]),
    ]


def test_people_are_shown_methods_differences_and_what_did_not_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = query(home, "SELECT run_id FROM runs").item()
    show_experiment(
        EvaluationResult(
            run_id=run,
            database=home / "palate.duckdb",
            cells=8,
            without_figures=3,
            stages=9,
            cached=4,
        )
    )
    printed = capsys.readouterr().out
    titles = ("Methods", "paired by user", "Published figures", "Cells without figures")
    assert all(title in printed for title in titles)
    assert "what similarity adds" in printed and "'nowhere' is neither a folder" in printed
    assert "5 of 8 cells have figures" in printed


def test_a_killed_grid_carries_on_and_ends_with_the_same_figures(
    place: Place,
    undisturbed: tuple[Path, dict[str, Any], str],
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    process = place.start(home, server)
    deadline = time.monotonic() + 120
    while not list((home / "results").glob("find-losers-*")):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (home / "palate.duckdb").exists()

    monkeypatch.setenv("PALATE_DATA_DIR", str(place.collection))
    monkeypatch.delenv("PALATE_LLM_MODEL", raising=False)
    with flows_in(home, server):
        resumed = experiment(read_grid(place.grid, {"home": home}))

    assert (resumed.cells, resumed.without_figures) == (8, 3)
    stages = query(home, "SELECT stage, part, cached FROM stages ORDER BY place")
    finished = stages["stage"].to_list().index("find losers")
    assert stages["cached"][: finished + 1].all(), "the first cell was finished"
    assert not stages["cached"].all()
    for table in FIGURES:
        rows = f"SELECT * EXCLUDE run_id FROM {table} ORDER BY ALL"
        assert query(home, rows).equals(query(undisturbed[0], rows)), table
        assert query(home, rows).height


def test_a_grid_in_which_nothing_runs_ends_with_an_error_and_the_environment_goes_before_it(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in os.environ if name.startswith("PALATE_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    settings = {"PALATE_HOME": home, "PALATE_SEEDS": 1, "PREFECT_API_URL": server}
    settings |= {"PREFECT_LOCAL_STORAGE_PATH": home / "results"}
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    grid = tmp_path / "grid.toml"
    grid.write_text('name = "x"\n[[cells]]\nlabel = "a"\ndata = "no"\nseeds = 7\n', "utf-8")
    with flows_in(home, server), pytest.raises(SystemExit) as ended:
        command(grid, json=True)
    assert ended.value.code == 1
    said = json.loads(capsys.readouterr().out)
    assert said["cells"] == [] and [row["status"] for row in said["without_figures"]] == ["not run"]
    assert query(home, "SELECT seeds FROM cells").rows() == [(1,)]


def attempts(tmp_path: Path, fail: Callable[[Cell], Exception], *labels: str) -> list[CellResult]:
    """The results of cells that ask a model and end in an error."""

    class Failing(Evaluation):
        def measure(self, cell: Cell) -> CellResult:
            raise fail(cell)

    asking = EvaluationSettings(home=tmp_path, scorer="llm", llm_model="m")
    cells = [Cell(label=label, settings=asking) for label in labels]
    return Failing(Steps(tmp_path)).measure_all(cells)


@pytest.mark.parametrize(
    ("error", "status", "note"),
    [
        (DatasetNotFoundError("no such data.", "Look."), "not run", "no such data."),
        (SettingsError("needs a package.", "Install."), "not run", "needs a package."),
        (LlmSetupError("the key is refused.", "Set it."), "not run", "the key is refused."),
        (BadDataError(Path("r.csv"), "is bad", "Fix."), "failed", "r.csv: is bad."),
        (TooLittleDataError("too little.", "More."), "failed", "too little."),
        (ValueError("odd"), "failed", "ValueError: odd"),
    ],
)
def test_a_cell_that_fails_does_not_stop_the_next(
    error: Exception, status: str, note: str, tmp_path: Path
) -> None:
    results = attempts(tmp_path, lambda _cell: error, "one", "two")
    assert [(one.status, one.note, one.figures) for one in results] == [(status, note, None)] * 2


def test_a_model_that_is_down_is_not_waited_for_twice(tmp_path: Path) -> None:
    asked: list[str] = []

    def down(cell: Cell) -> Exception:
        asked.append(cell.label)
        return LlmDownError("has not answered.", "Start it.")

    results = attempts(tmp_path, down, "one", "two", "three")
    assert asked == ["one"]
    assert [(one.status, one.note) for one in results] == [("not run", "has not answered.")] * 3


@pytest.mark.parametrize("error", [StoppedError("stopping.", ""), KeyboardInterrupt()])
def test_a_grid_that_is_stopped_stops(error: Any, tmp_path: Path) -> None:
    with pytest.raises(type(error)):
        attempts(tmp_path, lambda _cell: error, "one", "two")


def test_users_of_all_cells_are_counted_as_text(home: Path) -> None:
    users = query(home, "SELECT DISTINCT user FROM user_metrics")["user"]
    assert users.dtype == pl.String and set(users) == {str(user) for user in range(1, 15)}
