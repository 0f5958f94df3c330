"""From `palate up` to `palate down`, with real processes."""

import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from flows.service.postgres import PATIENCE, of_home, start_postgres
from flows.service.processes import stop
from flows.service.state import read_state
from tasks.store.query import query
from tests.support.stack import ROOT, SMALL, Stack


@pytest.mark.slow
def test_a_deployed_night_runs_and_down_leaves_nothing(empty: Stack) -> None:
    before = (ROOT / "prefect.toml").exists()
    output = empty.up()
    assert "Started postgres, server, worker." in output and empty.state.url[:-4] in output
    assert [p for p in empty.processes() if "bin/postgres" in p]

    with pytest.raises(HTTPError) as refused:
        empty.start(settings={"top": 0})
    assert b"0 is less than the minimum of 1" in refused.value.read()
    assert not [run for run in _runs(empty) if not run["auto_scheduled"]]

    night = empty.start(settings={"data": "films", "top": 5, **SMALL})
    empty.wait(night, "Completed")
    (row,) = query(empty.home, "SELECT run_id, top, reranker FROM runs").rows()
    assert row[0].endswith(night[-6:]) and row[1:] == (5, "weighted")
    log = empty.log(night, until="publish: ")
    assert len([line for line in log if line.startswith("ingest")]) == 1, log
    assert len([run for run in _runs(empty) if run["auto_scheduled"]]) == 3, "coming nights"

    assert "Stopped." in empty.down()
    assert not empty.processes() and read_state(empty.home) is None
    assert (ROOT / "prefect.toml").exists() == before
    assert "Nothing is running." in empty.down()


def _runs(stack: Stack) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = stack.api("flow_runs/filter", {})
    return runs


def test_a_port_that_is_taken_is_an_error_and_nothing_stays(empty: Stack) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = empty.run("up", "--port", port)
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr and "--port" in done.stderr
    assert not empty.processes() and read_state(empty.home) is None


def test_up_outside_the_project_says_where_to_go(tmp_path: Path) -> None:
    process = Stack(tmp_path / "home").command("up", place=tmp_path)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 1 and "in the folder of the project" in output
    assert not (tmp_path / "home").exists()


@pytest.mark.slow
def test_up_and_down_twice(empty: Stack) -> None:
    for night in range(2):
        assert "Started postgres, server, worker." in empty.up()
        assert "It is up already." in empty.up()
        done = empty.start(settings={"data": "films", **SMALL})
        empty.wait(done, "Completed")
        assert "Stopped." in empty.down()
        assert not empty.processes()
        assert query(empty.home, "SELECT count(*) FROM runs").item() == night + 1


@pytest.mark.slow
@pytest.mark.parametrize("after", ["postgres", "server", "worker"])
def test_an_interrupted_up_leaves_nothing(empty: Stack, after: str) -> None:
    process = empty.command("up", "--port", "0")
    _until_started(empty, after, process)
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert not empty.processes() and read_state(empty.home) is None


@pytest.mark.slow
def test_a_killed_up_is_cleared_away_by_down(empty: Stack) -> None:
    process = empty.command("up", "--port", "0")
    _until_started(empty, "server", process)
    process.kill()
    process.communicate()
    assert empty.processes()
    assert "Stopped." in empty.down()
    assert not empty.processes()


def _until_started(stack: Stack, role: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not ((state := read_state(stack.home)) and role in state.processes):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)


@pytest.mark.slow
def test_up_repairs_what_is_gone_and_down_stops_what_no_state_file_names(empty: Stack) -> None:
    empty.up()
    for role, again in (
        ("worker", "Started worker."),
        ("server", "Started server, worker."),
        ("postgres", "Started postgres, server, worker."),
    ):
        empty.kill(role)
        time.sleep(1)
        assert again in empty.up()
    assert empty.wait(empty.start(settings={"data": "films", **SMALL}), "Completed")

    (empty.home / "standing" / "state.json").unlink()
    assert "Stopped." in empty.down()
    assert not empty.processes()


@pytest.mark.slow
def test_down_breaks_a_night_off_and_the_next_up_resumes_it(empty: Stack) -> None:
    empty.up()
    night = empty.start(settings={"reranker": "weighted"})
    empty.until("find-candidates-*")
    empty.down()
    assert not empty.processes() and not (empty.home / "palate.duckdb").exists()
    empty.up()
    empty.wait(night, "Completed")
    stages = query(empty.home, "SELECT stage, cached FROM stages ORDER BY place")
    assert stages["cached"][:3].to_list() == [True] * 3


@pytest.mark.slow
def test_the_database_may_be_another_and_its_password_stands_in_no_file(
    empty: Stack,
) -> None:
    elsewhere = empty.home.parent / "elsewhere"
    _, sockets = start_postgres(elsewhere, print)
    try:
        given = f"postgresql://postgres:xyzzy-sentinel@/postgres?host={sockets}"
        empty.extra["PALATE_PG_URL"] = given
        assert "Started server, worker." in empty.up()
        assert empty.wait(empty.start(settings={"data": "films", **SMALL}), "Completed")
        worker = empty.state.processes["worker"].pid
        assert b"xyzzy" not in Path(f"/proc/{worker}/environ").read_bytes()
        written = [file for file in empty.home.rglob("*") if file.is_file()]
        assert not [file for file in written if b"xyzzy" in file.read_bytes()]
        empty.down()
        assert of_home(elsewhere), "what we did not start stays"
    finally:
        empty.down()
        stop([of_home(elsewhere)], PATIENCE)
