"""Measured processes: their tree's memory is seen, and none is left behind."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from tests.bench.watched import CommandFailedError, run_watched

HOLDS = "import time; held = bytearray(120 * 2**20); time.sleep(0.6)"
PARENT = (
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(60)"
)


def watched(code, folder, *arguments):
    return run_watched([sys.executable, "-c", code, *arguments], os.environ, folder / "log")


def test_memory_of_what_a_command_starts_counts(tmp_path):
    inner = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDS!r}]); print('ok')"
    )
    done = watched(inner, tmp_path)
    assert done.out == "ok\n"
    assert 120 < done.peak_mb < 400
    assert done.seconds > 0.6


def test_a_command_that_fails_says_what_it_said_last(tmp_path):
    with pytest.raises(CommandFailedError, match="ended with 1: no such film"):
        watched("raise SystemExit('no such film')", tmp_path)


def test_nothing_is_left_running_when_the_wait_is_broken_off(tmp_path, monkeypatch):
    def broken_off(_process, *_arguments):
        deadline = time.monotonic() + 20
        while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", broken_off)
    with pytest.raises(KeyboardInterrupt):
        watched(PARENT, tmp_path, str(tmp_path / "pid"))
    left = int((tmp_path / "pid").read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == "zombie"
