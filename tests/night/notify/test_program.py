"""The program that is told: without a shell, for a while, and with all that it started."""

import json
import sys
import time
from pathlib import Path

import pytest

from tasks.core.errors import NotifyError
from tasks.night.notify import program
from tasks.night.notify.message import message
from tasks.night.notify.program import run_program

READS = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(sys.stdin.buffer.read())"
LINGERS = """
import subprocess, sys, time
code = "import time, pathlib, sys; time.sleep(1); pathlib.Path(sys.argv[1]).touch()"
subprocess.Popen([sys.executable, "-c", code, sys.argv[1]])
time.sleep(60)
"""


@pytest.fixture
def about(night):
    return message(night, "guarded", "Base lists did better.", run_id="r1", report="/r.html")


def test_it_reads_the_message_as_json_and_its_arguments_are_no_shells(about, tmp_path):
    target = tmp_path / "$(touch x); said"
    run_program([sys.executable, "-c", READS, str(target)], about)
    said = json.loads(target.read_text())
    assert said == about.model_dump()
    assert list(said) == [
        *("status", "reason", "what_to_do", "flow", "run_id"),
        *("dataset", "home", "host", "report"),
    ]
    assert said["status"] == "guarded" and said["report"] == "/r.html"
    assert [file.name for file in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["/nowhere/at-all"], "could not be started"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "code 3"),
    ],
)
def test_its_failure_is_one_error(about, command, said):
    with pytest.raises(NotifyError, match=said):
        run_program(command, about)


def test_it_is_stopped_at_its_deadline_with_all_that_it_started(about, tmp_path, monkeypatch):
    monkeypatch.setattr(program, "DEADLINE_SECONDS", 0.4)
    began, mark = time.monotonic(), tmp_path / "late"
    with pytest.raises(NotifyError, match="was stopped"):
        run_program([sys.executable, "-c", LINGERS, str(mark)], about)
    assert time.monotonic() - began < 5
    time.sleep(1.2)
    assert not Path(mark).exists()


def test_a_program_that_does_not_read_is_told_all_the_same(about):
    long = about.model_copy(update={"reason": "x" * 200_000})
    run_program([sys.executable, "-c", "pass"], long)
