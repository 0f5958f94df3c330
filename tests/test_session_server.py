"""Prefect's server for the tests leaves nothing behind, however the session ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support.prefect_server import wait_for_address

SESSION = """
import sys, time
from pathlib import Path
from tests.support.prefect_server import server_process
with server_process(Path(sys.argv[1])):
    print("started", flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_server_and_its_database_end_with_the_session(
    tmp_path: Path, how: signal.Signals
) -> None:
    session = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(tmp_path)], start_new_session=True
    )
    wait_for_address(tmp_path / "address")
    started = psutil.Process(session.pid).children(recursive=True)
    assert {"postgres", "python"} <= {process.name().rstrip("0123456789.") for process in started}
    session.send_signal(how)
    session.wait(30)
    deadline = time.monotonic() + 30
    while any(map(_runs, started)):
        assert time.monotonic() < deadline, started
        time.sleep(0.1)
    assert how == signal.SIGINT or not tmp_path.exists(), "who is killed cleans nothing up"


def _runs(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
