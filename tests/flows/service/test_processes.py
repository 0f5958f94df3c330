"""What is given to processes, what is found again, what is stopped, and what is never touched."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from flows.service.processes import (
    belonging,
    database_given,
    environment_of,
    find,
    for_server,
    for_worker,
    of_role,
    running_flows,
    start,
    stop,
)
from flows.service.state import Started
from tasks.core.errors import ServiceError

SECRET = "postgresql://me:xyzzy@db.example/prefect?sslmode=require"


def test_the_servers_database_is_told_to_the_server_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_PG_URL", SECRET)
    given = database_given()
    assert given == "postgresql+asyncpg://me:xyzzy@db.example/prefect?ssl=require"
    server = for_server(tmp_path, "http://127.0.0.1:1/api", given)
    assert server["PREFECT_SERVER_DATABASE_CONNECTION_URL"] == given
    assert server["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    worker = for_worker(tmp_path, "http://127.0.0.1:1/api", tmp_path)
    assert "xyzzy" not in " ".join(worker.values())


@pytest.mark.parametrize("wrong", ["mysql://me:xyzzy@db/x", "xyzzy"])
def test_another_database_is_refused_without_telling_the_password(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_PG_URL", wrong)
    with pytest.raises(ServiceError, match="PALATE_PG_URL") as refused:
        database_given()
    assert "xyzzy" not in str(refused.value)


def test_a_worker_is_told_the_home_the_project_and_what_its_user_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_CONFIG", "deployments/nightly.toml")
    monkeypatch.setenv("PREFECT_WORKER_QUERY_SECONDS", "1")
    environment = for_worker(tmp_path / "home", "http://127.0.0.1:1/api", tmp_path)
    assert environment["PALATE_HOME"] == str(tmp_path / "home")
    assert environment["PREFECT_LOCAL_STORAGE_PATH"] == str(tmp_path / "home" / "results")
    assert environment["PALATE_PROJECT"] == str(tmp_path)
    assert environment["PALATE_CONFIG"] == "deployments/nightly.toml"
    assert environment["PREFECT_WORKER_QUERY_SECONDS"] == "1"


STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
time.sleep(600)
"""


@pytest.fixture
def sleeping(tmp_path: Path) -> Iterator[Started]:
    started = start("worker", ["sleep", "600"], tmp_path, {"PATH": "/usr/bin:/bin"})
    yield started
    psutil.Process(started.pid).kill()


def test_a_process_that_got_a_recycled_number_is_not_the_one_that_was_started(
    sleeping: Started,
) -> None:
    assert find(sleeping)
    assert find(sleeping.model_copy(update={"started": sleeping.started - 60})) is None
    assert find(Started(pid=2**22 + 1, started=0)) is None and find(None) is None


def test_what_belongs_to_a_home_is_found_by_its_mark(tmp_path: Path, sleeping: Started) -> None:
    assert [process.pid for process in belonging(tmp_path)] == [sleeping.pid]
    assert belonging(tmp_path / "other") == []
    assert [p.pid for p in of_role(belonging(tmp_path), "worker")] == [sleeping.pid]
    assert of_role(belonging(tmp_path), "server") == []


def seen(home: Path) -> list[psutil.Process]:
    """What belongs to the home; a busy machine shows a new process's marks a moment later."""
    for _ in range(50):
        if processes := belonging(home):
            return processes
        time.sleep(0.05)
    return []


def test_a_flow_run_is_not_its_worker(tmp_path: Path) -> None:
    marks = {"PATH": "/usr/bin:/bin", "PREFECT__FLOW_RUN_ID": "run-1"}
    started = start("worker", ["sleep", "600"], tmp_path, marks)
    processes = seen(tmp_path)
    assert of_role(processes, "worker") == []
    assert {run: p.pid for run, p in running_flows(processes).items()} == {"run-1": started.pid}
    stop(processes)
    assert find(started) is None


def test_who_does_not_heed_a_signal_gets_the_next(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "ready\n"
    began = time.monotonic()
    stop([psutil.Process(process.pid), None], [(signal.SIGTERM, 0.3), (signal.SIGKILL, 5)])
    assert time.monotonic() - began >= 0.3 and not psutil.pid_exists(process.pid)


def test_of_a_process_that_is_gone_nothing_is_known() -> None:
    process = subprocess.Popen(["true"])
    gone = psutil.Process(process.pid)
    process.wait()
    assert environment_of(gone) == {}
