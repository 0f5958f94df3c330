"""Who is told, when, and that a night does not care whether that works."""

import json
import sys
import threading

import pytest

from tasks.core.errors import LlmDownError, StoppedError, StoreError
from tasks.night.notify import outcome
from tasks.night.notify.message import message
from tasks.night.notify.outcome import notify, notify_outcome, notifying
from tests.night.notify.test_channels import READS


@pytest.fixture
def messages(monkeypatch, night):
    """Messages instead of their sending."""
    heard = []
    monkeypatch.setattr(outcome, "notify", lambda _settings, about: heard.append(about))
    return heard


def test_a_failure_is_told_and_stays_one(messages, night):
    error = StoreError("The file is no database.", "Move it away.")
    with pytest.raises(StoreError) as same, notifying(night):
        raise error
    assert same.value is error
    assert [(one.status, one.what_to_do) for one in messages] == [("failed", "Move it away.")]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), StoppedError("Stopped.", ""), SystemExit(1)]
)
def test_whoever_stops_a_night_needs_no_message(messages, night, error):
    with pytest.raises(type(error)), notifying(night):
        raise error
    assert not messages


def test_a_night_that_is_well_tells_nobody(messages, night):
    with notifying(night):
        pass
    notify_outcome(night, "complete", "Not every item has a sentence")
    assert not messages


@pytest.mark.parametrize("status", ["degraded", "guarded"])
def test_a_night_that_published_something_else_is_told(messages, night, status):
    notify_outcome(night, status, "The server is away.", "r1", "/r.html")
    [one] = messages
    assert (one.status, one.reason, one.run_id) == (status, "The server is away.", "r1")
    assert one.report == "/r.html" and one.what_to_do


def with_command(night, command):
    options = night.night.model_copy(update={"notify_command": command})
    return night.model_copy(update={"night": options})


def test_program_and_webhook_are_told_whatever_becomes_of_the_other(
    night, receiver, tmp_path, monkeypatch
):
    monkeypatch.setenv("PALATE_NOTIFY_URL", receiver.url)
    about = message(night, "degraded", "The server is away.")
    program = (sys.executable, "-c", READS, str(tmp_path / "said"))
    notify(with_command(night, program), about)
    assert json.loads((tmp_path / "said").read_text())["status"] == "degraded"
    notify(with_command(night, ("/nowhere",)), about)
    assert len(receiver.bodies) == 2
    receiver.script = [404]
    notify(night, about)
    assert threading.active_count() < 20


def test_even_an_error_nobody_foresaw_changes_nothing(night, monkeypatch):
    lines: list[str] = []
    monkeypatch.setattr(outcome, "say", lines.append)
    monkeypatch.setattr(outcome, "run_program", lambda *_: 1 / 0)
    heard = with_command(night, ("x",))
    with pytest.raises(LlmDownError), notifying(heard):
        raise LlmDownError("Away.", "Wait.")
    assert len(lines) == 1 and "ZeroDivisionError" in lines[0] and "failed" in lines[0]
