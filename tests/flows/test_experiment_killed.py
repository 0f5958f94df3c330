"""What the kill of a grid costs."""

import signal
import time
from pathlib import Path

import pytest

from flows.experiment import experiment
from tasks.evaluation.grid import read_grid
from tasks.store.query import query
from tests.support.command import start
from tests.support.grids import Place, Ran
from tests.support.in_process import flows_in

FIGURES = ("cell_metrics", "user_metrics", "comparisons", "list_examples")


@pytest.mark.slow
def test_a_killed_grid_carries_on_and_ends_with_the_same_figures(
    place: Place,
    grid_run: Ran,
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / "home"
    process = start(*place.words(), "--home", home, PREFECT_API_URL=server, **place.told())
    deadline = time.monotonic() + 120
    while not list((home / "results").glob("find-examples-*")):
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
    finished = stages["stage"].to_list().index("find examples")
    assert stages["cached"][: finished + 1].all(), "the first cell was finished"
    assert not stages["cached"].all()
    for table in FIGURES:
        rows = f"SELECT * EXCLUDE run_id FROM {table} ORDER BY ALL"
        assert query(home, rows).equals(query(grid_run.home, rows)), table
        assert query(home, rows).height
