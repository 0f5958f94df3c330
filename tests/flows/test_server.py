"""The temporary Prefect server goes with the command that started it, however that ends."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest

from flows.service import server
from flows.service.server import _wait_until_healthy, prefect_for
from tasks.core.errors import ServiceError
from tasks.core.progress import TEMPORARY_SERVER

HOLDER = """
import sys, time
from pathlib import Path
from tasks.core.errors import ServiceError
from flows.service.server import temporary_server
with temporary_server(Path(sys.argv[1])) as (url, wait):
    wait()
    print(url, flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_a_killed_command_leaves_no_server_behind(tmp_path: Path) -> None:
    environment = os.environ | {"PREFECT_HOME": str(tmp_path / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert holder.stdout is not None
    url = holder.stdout.readline().strip()
    assert _answers(url)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    deadline = time.monotonic() + 20
    while _answers(url):
        assert time.monotonic() < deadline, "the server is still there"
        time.sleep(0.2)


def test_a_server_that_ends_at_once_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
    process.wait()
    with pytest.raises(ServiceError, match=r"prefect-server\.log"):
        _wait_until_healthy(
            "http://127.0.0.1:9/api",
            lambda: process.poll() is None,
            tmp_path / "prefect-server.log",
        )


def test_a_command_says_that_its_server_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "temporary_server", lambda _: nullcontext(("http://here", print)))
    with patch.dict(os.environ):
        os.environ.pop("PREFECT_API_URL", None)
        with prefect_for(tmp_path):
            assert os.environ[TEMPORARY_SERVER]
        assert TEMPORARY_SERVER not in os.environ
        os.environ["PREFECT_API_URL"] = "http://stays"
        with prefect_for(tmp_path):
            assert TEMPORARY_SERVER not in os.environ


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2):
            return True
    except OSError:
        return False


@pytest.mark.slow
def test_two_servers_that_start_at_once_in_a_new_home_both_answer(tmp_path: Path) -> None:
    environment = os.environ | {"PREFECT_HOME": str(tmp_path / "prefect")}
    environment.pop("PREFECT_API_URL", None)
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    holders = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    try:
        addresses = [holder.stdout.readline().strip() for holder in holders if holder.stdout]
        assert all(map(_answers, addresses)) and len(set(addresses)) == 3
    finally:
        for holder in holders:
            holder.terminate()
            holder.wait()
