"""The webhook: what it is sent, how often, and who never sees its address."""

import logging

import pytest
from pydantic import SecretStr

from tasks.core.errors import NotifyError
from tasks.night.notify import webhook
from tasks.night.notify.message import message
from tasks.night.notify.webhook import payload, post


@pytest.fixture
def about(night):
    return message(night, "failed", "The disk <is> full & slow.", "Make room.", run_id="r1")


def test_it_is_sent_the_message_and_a_text_for_people(receiver, about):
    post(SecretStr(receiver.url + "\n"), about)
    [body] = receiver.bodies
    assert body == payload(about) and body["status"] == "failed" and body["run_id"] == "r1"
    assert body["text"].startswith(
        f"palate nightly on {about.host}: failed. The disk &lt;is&gt; full"
    )
    assert "Make room." in body["text"] and receiver.paths == ["/hooks/T0/s3cr3t-path"]


@pytest.mark.parametrize(
    ("script", "sent", "told"),
    [
        ([500], 2, True),
        ([429, 503], 3, True),
        ([500, 500, 500], 3, False),
        ([404], 1, False),
        ([302], 1, False),
    ],
)
def test_it_is_tried_again_only_where_that_may_help(receiver, about, script, sent, told):
    receiver.script = list(script)
    if told:
        post(SecretStr(receiver.url), about)
    else:
        with pytest.raises(NotifyError, match=f"HTTP {script[-1]}, sent {sent}x"):
            post(SecretStr(receiver.url), about)
    assert len(receiver.bodies) == sent


def test_no_attempt_lasts_longer_than_its_deadline(receiver, about, monkeypatch):
    monkeypatch.setattr(webhook, "DEADLINE_SECONDS", 0.1)
    receiver.script = [0.5, 200]
    post(SecretStr(receiver.url), about)
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
def test_an_address_that_others_could_read_is_refused_and_not_told(about, address):
    with pytest.raises(NotifyError, match="must start with https") as refused:
        post(SecretStr(address), about)
    assert "hook" not in str(refused.value) and "passwd" not in str(refused.value)


def test_its_address_is_never_said(receiver, about, caplog):
    caplog.set_level(logging.DEBUG)
    post(SecretStr(receiver.url), about)
    receiver.close()
    with pytest.raises(NotifyError) as gone:
        post(SecretStr(receiver.url), about)
    assert "sent 3x" in str(gone.value)
    assert gone.value.__cause__ is None and gone.value.__context__ is None
    assert "s3cr3t" not in caplog.text + str(gone.value) + str(about)
