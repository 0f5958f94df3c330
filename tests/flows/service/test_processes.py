"""What is found again, what is stopped, and what is never touched."""

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
    environment_of,
    find,
    of_role,
    running_flows,
    start,
    stop,
)
from flows.service.state import Started

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
        if found := belonging(home):
            return found
        time.sleep(0.05)
    return []


def test_a_flow_run_is_not_its_worker(tmp_path: Path) -> None:
    marks = {"PATH": "/usr/bin:/bin", "PREFECT__FLOW_RUN_ID": "run-1"}
    started = start("worker", ["sleep", "600"], tmp_path, marks)
    found = seen(tmp_path)
    assert of_role(found, "worker") == []
    assert {run: p.pid for run, p in running_flows(found).items()} == {"run-1": started.pid}
    stop(found)
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
