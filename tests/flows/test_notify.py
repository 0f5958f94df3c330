"""Nights of which somebody is told, as commands."""

import json
import sys
from pathlib import Path

import pytest

from tests.llm.engine_support import closed_port
from tests.night.notify.conftest import Receiver, receiver
from tests.night.notify.test_channels import READS
from tests.support.in_process import Terminal, run_here

__all__ = ["receiver"]


def test_a_night_that_fails_tells_what_happened_and_fails_all_the_same(
    terminal: Terminal, tmp_path: Path, receiver: Receiver
) -> None:
    done = terminal.run("nightly", "--data", tmp_path / "nowhere", PALATE_NOTIFY_URL=receiver.url)
    assert done.returncode == 1 and "nowhere" in done.stderr
    [body] = receiver.bodies
    assert body["status"] == "failed" and "nowhere" in body["reason"] and body["what_to_do"]
    assert body["home"] == str(terminal.home.resolve()) and body["flow"] == "nightly"


def test_a_degraded_night_tells_its_run_and_that_nobody_is_told_is_said(
    terminal: Terminal, made_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-tests")
    model = ["--scorer", "llm", "--llm-model", "m", "--llm-base-url", closed_port()]
    program = json.dumps([sys.executable, "-c", READS, str(tmp_path / "said")])
    done = terminal.succeed(
        *("nightly", "--method", "paper", "--data", made_up, *model, "--llm-patience", 0),
        *("--limit-users", 3),
        PALATE_NOTIFY_COMMAND=program,
        PALATE_NOTIFY_URL="http://example.org/s3cr3t",
    )
    body = json.loads((tmp_path / "said").read_text())
    assert body["status"] == "degraded" and "has not answered" in body["reason"]
    assert body["run_id"] in done.stdout
    assert (
        "no message that the night was" in done.stderr and "s3cr3t" not in done.stderr + done.stdout
    )


def test_a_trial_message_is_sent_or_says_why_not(tmp_path: Path) -> None:
    home, program = tmp_path / "home", [sys.executable, "-c", READS, str(tmp_path / "said")]
    done = run_here("notify", "--test", "--home", home, PALATE_NOTIFY_COMMAND=json.dumps(program))
    assert done.returncode == 0 and "was sent" in done.stdout, done.stderr
    assert json.loads((tmp_path / "said").read_text())["status"] == "test"
    nobody = run_here("notify", "--test", "--home", home)
    assert nobody.returncode == 1 and "PALATE_NOTIFY_URL" in nobody.stderr
    nothing = run_here("notify", "--home", home)
    assert nothing.returncode == 1 and "--test" in nothing.stderr
    broken = run_here("notify", "--test", "--home", home, PALATE_NOTIFY_COMMAND='["/nowhere"]')
    assert broken.returncode == 1 and "could not be started" in broken.stderr
