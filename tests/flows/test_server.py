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


IN_A_NEW_HOME = """
import sys
from pathlib import Path
from flows.service.server import prefect_for
with prefect_for(Path(sys.argv[1])) as wait:
    wait()
    print("answers", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.slow
def test_commands_that_start_at_once_in_a_new_home_all_get_a_server(tmp_path: Path) -> None:
    """Their servers share a database, which each would make."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith("PREFECT")}
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", IN_A_NEW_HOME, str(tmp_path / "home")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(4)
    ]
    said = [command.stdout.readline() for command in commands if command.stdout]
    for command in commands:
        command.communicate("\n", timeout=60)
    assert said == ["answers\n"] * 4
