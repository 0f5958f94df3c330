"""A night with nothing new only publishes: it starts no Prefect where no server would show it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.store.query import query
from tests.support.command import PLAIN
from tests.support.datasets import write_generic
from tests.support.in_process import Terminal, run_here

LISTS = "SELECT user, item, rank, score FROM ranked_items WHERE run_id = $run ORDER BY ALL"
RUNS = "SELECT run_id, status, measured_in FROM runs ORDER BY finished_at_utc"


def prefect_is_wanted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """From now on, the homes for which Prefect is to be started; the command ends there."""
    homes: list[Path] = []

    @contextmanager
    def start(home: Path, **_more: object) -> Iterator[None]:
        homes.append(home)
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("flows.cli.night.running", start)
    return homes


def test_nothing_new_needs_no_prefect_and_publishes_the_same_lists(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_generic(tmp_path / "data")
    words = "nightly", "--data", data, *PLAIN, "--model", "ease", "--model-options.ease-items", "5"
    terminal.succeed(*words)
    started = prefect_is_wanted(monkeypatch)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    done = run_here(*words, "--home", terminal.home)
    assert not done.returncode and not started, done.stderr
    assert "0 with a new list" in done.stdout and "Write the page" in done.stderr
    first, second = query(terminal.home, RUNS).rows()
    lists = [query(terminal.home, LISTS, {"run": run[0]}) for run in (first, second)]
    assert lists[0].equals(lists[1]) and lists[0].height
    assert first[1:] == second[1:] == ("complete", first[0])
    ((told,),) = query(terminal.home, "SELECT DISTINCT passed_over FROM runs").rows()
    assert "EASE looks at the 5 most rated of" in told, "what an earlier fit passed over"
    kept = query(terminal.home, "SELECT run_id, stage, cached FROM stages").rows()
    assert all(cached for run, stage, cached in kept if run == second[0] and stage != "publish")
    assert (terminal.home / "reports" / f"{second[0]}.html").is_file()

    assert run_here(*words, "--home", terminal.home, "--measure-users", "5").returncode
    assert run_here(*words, "--home", terminal.home, PREFECT_API_URL="http://x").returncode
    assert len(started) == 2, "figures that are wanted, or a server, want Prefect"
    for file in (terminal.home / "artifacts" / "ranked").glob("*"):
        os.truncate(file, 10)
    assert run_here(*words, "--home", terminal.home).returncode and len(started) == 3
