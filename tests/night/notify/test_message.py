"""What leaves the machine says what happened, and nothing that is nobody's business."""

import pytest
from pydantic import ValidationError

from tasks.core.errors import DownloadError
from tasks.night.notify.message import (
    LONGEST,
    WHAT_TO_DO,
    failed,
    in_words,
    message,
    without_secrets,
)
from tasks.settings.settings import Settings

TASTE = "I love slow films about trains"


@pytest.mark.parametrize(
    "text",
    [
        "key sk-sentinel-7f3a91c2d4 refused",
        "postgresql://palate:hunter2hunter2@db/x is away",
        "Authorization: Bearer abcdef123456",
        "api_key=abcdef123456 is wrong",
        "token eyJhbGciOi.abcdef123456.xyz",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text):
    result = without_secrets(text)
    assert "***" in result
    for secret in ("sentinel", "hunter2", "abcdef123456"):
        assert secret not in result


def test_what_is_a_secret_is_hidden_whatever_it_looks_like(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "plainword")
    monkeypatch.setenv("PALATE_NOTIFY_URL", "https://hooks.example/T0/abc")
    monkeypatch.setenv("TMDB_API_KEY", "abc")
    result = without_secrets("plainword was sent to https://hooks.example/T0/abc by abc")
    assert result == "*** was sent to *** by abc"


def test_a_foreseen_error_says_what_and_what_to_do(night):
    result = failed(night, DownloadError("The disk is full.", "Make room."))
    assert (result.status, result.reason, result.what_to_do) == (
        "failed",
        "The disk is full.",
        "Make room.",
    )
    assert result.dataset == "films" and result.home == str(night.home.resolve())


def test_another_error_says_its_kind_and_first_line_but_no_quoted_text(night):
    result = failed(night, RuntimeError(f"row '{TASTE}' of 'items' is odd\n{TASTE}"))
    assert result.reason == "RuntimeError: row '…' of 'items' is odd"
    assert result.what_to_do == WHAT_TO_DO["failed"] and TASTE not in str(result)
    assert in_words(KeyError()) == ("KeyError", None)


def test_a_refused_record_says_which_field_but_not_its_value():
    with pytest.raises(ValidationError) as refused:
        Settings(top=TASTE)
    result, _ = in_words(refused.value)
    assert result == "ValidationError of Settings: top"


def test_a_reason_is_one_line_of_bounded_length(night):
    result = message(night, "degraded", "no\nanswer " * 200).reason
    assert len(result) <= LONGEST and "\n" not in result and result.endswith("…")


def test_every_status_says_what_to_do():
    assert set(WHAT_TO_DO) == {"failed", "degraded", "guarded", "test"}
    assert all(len(words) > 20 for words in WHAT_TO_DO.values())
