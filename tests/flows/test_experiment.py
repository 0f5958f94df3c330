"""Grids of methods on made-up data: what runs, what does not and says why, what people see."""

import json
from pathlib import Path

import pytest

from flows.cli.evaluation import experiment as command
from flows.cli.evaluation import show_experiment
from flows.outcomes import EvaluationResult
from tasks.store.query import query
from tests.support.grids import LABELS, Ran
from tests.support.in_process import flows_in


@pytest.fixture
def home(grid_run: Ran) -> Path:
    return grid_run.home


def test_cells_without_anything_to_run_on_say_why_and_the_others_have_figures(
    grid_run: Ran,
) -> None:
    home, said, progress = grid_run.home, grid_run.said, grid_run.progress
    cells = query(home, "SELECT label, status, note, users FROM cells ORDER BY cell")
    assert cells["label"].to_list() == LABELS
    ran = cells.filter(status="run")
    assert ran["label"].to_list() == [*LABELS[:4], "baseline"]
    assert ran["note"].null_count() == ran.height and set(ran["users"]) == {28}
    why = {row["label"]: (row["status"], row["note"]) for row in said["without_figures"]}
    assert why.keys() == {"broken", "nowhere", "asked"}
    assert why["broken"][0] == "failed" and "ratings.parquet" in why["broken"][1]
    assert why["nowhere"][0] == "not run" and "'nowhere' is no folder or file" in why["nowhere"][1]
    assert why["asked"][0] == "not run" and "PALATE_LLM_MODEL" in why["asked"][1]
    assert all(note in progress.replace("\n", "") for _, note in why.values())
    assert {cell["label"] for cell in said["cells"]} == set(ran["label"])


def test_the_run_says_which_grid_it_was_and_that_it_is_not_whole(home: Path) -> None:
    run = query(home, "SELECT * FROM runs").row(0, named=True)
    assert (run["flow"], run["status"], run["dataset"]) == ("experiment", "degraded", None)
    assert run["note"] == "3 of 8 cells have no figures"
    assert json.loads(run["config"])["title"] == "A small grid"


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
    assert "what similarity adds" in printed and "'nowhere' is no folder or file" in printed
    assert "5 of 8 cells have figures" in printed


@pytest.mark.usefixtures("clean_environment")
def test_a_grid_in_which_nothing_runs_ends_with_an_error_and_the_environment_goes_before_it(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
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
