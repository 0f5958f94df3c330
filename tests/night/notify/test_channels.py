"""A program and a webhook: what they are sent, how often, and who never sees an address."""

import json
import logging
import sys
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from tasks.core.errors import NotifyError
from tasks.night.notify import channels
from tasks.night.notify.channels import payload, post, run_program
from tasks.night.notify.message import message

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
    received = json.loads(target.read_text())
    assert received == about.model_dump()
    assert list(received) == [
        *("status", "reason", "what_to_do", "flow", "run_id"),
        *("dataset", "home", "host", "report"),
    ]
    assert received["status"] == "guarded" and received["report"] == "/r.html"
    assert [file.name for file in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize(
    ("command", "received"),
    [
        (["/nowhere/at-all"], "could not be started"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "code 3"),
    ],
)
def test_its_failure_is_one_error(about, command, received):
    with pytest.raises(NotifyError, match=received):
        run_program(command, about)


def test_it_is_stopped_at_its_deadline_with_all_that_it_started(about, tmp_path, monkeypatch):
    monkeypatch.setattr(channels, "PROGRAM_SECONDS", 0.4)
    began, mark = time.monotonic(), tmp_path / "late"
    with pytest.raises(NotifyError, match="was stopped"):
        run_program([sys.executable, "-c", LINGERS, str(mark)], about)
    assert time.monotonic() - began < 5
    time.sleep(1.2)
    assert not Path(mark).exists()


def test_a_program_that_does_not_read_is_told_all_the_same(about):
    long = about.model_copy(update={"reason": "x" * 200_000})
    run_program([sys.executable, "-c", "pass"], long)


@pytest.fixture
def failure(night):
    return message(night, "failed", "The disk <is> full & slow.", "Make room.", run_id="r1")


def test_it_is_sent_the_message_and_a_text_for_people(receiver, failure):
    post(SecretStr(receiver.url + "\n"), failure)
    [body] = receiver.bodies
    assert body == payload(failure) and body["status"] == "failed" and body["run_id"] == "r1"
    assert body["text"].startswith(
        f"palate nightly on {failure.host}: failed. The disk &lt;is&gt; full"
    )
    assert "Make room." in body["text"] and receiver.paths == ["/hooks/T0/s3cr3t-path"]


@pytest.mark.parametrize(
    ("script", "sent", "complaint"),
    [
        ([500], 2, True),
        ([429, 503], 3, True),
        ([500, 500, 500], 3, False),
        ([404], 1, False),
        ([302], 1, False),
    ],
)
def test_it_is_tried_again_only_where_that_may_help(receiver, failure, script, sent, complaint):
    receiver.script = list(script)
    if complaint:
        post(SecretStr(receiver.url), failure)
    else:
        with pytest.raises(NotifyError, match=f"HTTP {script[-1]}, sent {sent}x"):
            post(SecretStr(receiver.url), failure)
    assert len(receiver.bodies) == sent


def test_no_attempt_lasts_longer_than_its_deadline(receiver, failure, monkeypatch):
    monkeypatch.setattr(channels, "ATTEMPT_SECONDS", 0.5)
    receiver.script = [1.5, 200]
    post(SecretStr(receiver.url), failure)
    assert len(receiver.bodies) == 2


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/hook",
        "http://127.0.0.1.example.org/hook",
        "ftp://127.0.0.1/hook",
        "file:///etc/passwd",
        "https://",
        "hook",
        "http://[half/hook",
    ],
)
def test_an_address_that_others_could_read_is_refused_and_not_told(failure, address):
    with pytest.raises(NotifyError, match="must start with https") as refused:
        post(SecretStr(address), failure)
    assert "hook" not in str(refused.value) and "passwd" not in str(refused.value)


def test_its_address_is_never_said(receiver, failure, caplog):
    caplog.set_level(logging.DEBUG)
    post(SecretStr(receiver.url), failure)
    receiver.close()
    with pytest.raises(NotifyError) as gone:
        post(SecretStr(receiver.url), failure)
    assert "sent 3x" in str(gone.value)
    assert gone.value.__cause__ is None and gone.value.__context__ is None
    assert "s3cr3t" not in caplog.text + str(gone.value) + str(failure)
