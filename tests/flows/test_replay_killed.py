"""What the kill of a replay costs."""

import signal
import time
from pathlib import Path

import pytest

from tasks.store.query import query
from tests.flows.test_replay import NIGHTS, ON_WINDOWS
from tests.support.command import start
from tests.support.datasets import write_generic
from tests.support.in_process import Terminal

FIGURES = ("cell_metrics", "user_metrics", "comparisons", "reliability")


@pytest.mark.slow
def test_a_killed_replay_carries_on_and_ends_with_the_same_figures(
    tmp_path: Path, server: str
) -> None:
    data = write_generic(tmp_path / "data", users=60, items=60, per_user=15)
    words = ("replay", "--data", data, *ON_WINDOWS, *NIGHTS)
    home = tmp_path / "home"
    process = start(*words, "--home", home, PREFECT_API_URL=server)
    deadline = time.monotonic() + 120
    while not list((home / "results").glob("check-probabilities-*")):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (home / "palate.duckdb").exists()

    Terminal(home, server).succeed(*words)
    stages = query(home, "SELECT stage, cached FROM stages ORDER BY place")
    first = stages["stage"].to_list().index("check probabilities")
    assert stages["cached"][:first].all(), "the first night was finished"
    assert not stages["cached"].all()
    peaceful = Terminal(tmp_path / "peaceful", server)
    peaceful.succeed(*words)
    for table in FIGURES:
        rows = f"SELECT * EXCLUDE run_id FROM {table} ORDER BY ALL"
        assert query(home, rows).height
        assert query(home, rows).equals(query(peaceful.home, rows)), table
