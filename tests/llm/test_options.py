from decimal import Decimal

import pytest
from pydantic import ValidationError

from tasks.llm.options import EngineOptions, LlmOptions


def test_nothing_needs_to_be_set():
    chosen = LlmOptions()
    assert chosen.llm_base_url is None
    assert chosen.llm_model is None
    assert chosen.llm_items == 25
    assert chosen.llm_concurrency == 8
    assert chosen.llm_show == ("year", "genres", "description", "rating", "popularity")
    assert (chosen.max_cost, chosen.max_requests, chosen.max_tokens) == (None, None, None)
    assert (chosen.llm_requests_per_minute, chosen.llm_tokens_per_minute) == (None, None)
    assert EngineOptions().in_batches is False


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
        ("https://api.example.org/v1/", "https://api.example.org/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        (None, None),
    ],
)
def test_an_address_is_kept_without_its_last_slash(given, kept):
    assert LlmOptions(llm_base_url=given).llm_base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://user:sk-secret@host/v1",
        "http://sk-secret@host/v1",
        "http://:sk-secret@host/v1",
        "http://host/v1?key=sk-secret",
        "http://host/v1?sk-secret",
        "http://host/v1#sk-secret",
    ],
)
def test_an_address_that_may_hold_a_key_is_refused(url):
    with pytest.raises(ValidationError, match="OPENAI_API_KEY"):
        LlmOptions(llm_base_url=url)


def test_the_refusal_does_not_repeat_the_key():
    with pytest.raises(ValidationError) as error:
        LlmOptions(llm_base_url="http://user:sk-secret@host/v1")
    assert "sk-secret" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["", "host:8080/v1", "localhost", "ftp://host/v1", "http://", "/v1"]
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValidationError, match=r"must be an address such as"):
        LlmOptions(llm_base_url=url)


@pytest.mark.parametrize(
    "given",
    [
        {"llm_items": 0},
        {"llm_items": 100},
        {"llm_concurrency": 0},
        {"llm_requests_per_minute": 0},
        {"llm_tokens_per_minute": -1},
        {"llm_deadline": 0},
        {"llm_attempts": 0},
        {"llm_patience": -1},
        {"llm_batch_poll": 0},
        {"llm_show": ["director"]},
        {"max_cost": "-0.01"},
        {"max_cost": "nan"},
        {"max_cost": "inf"},
        {"max_requests": -1},
        {"max_tokens": -1},
        {"openai_api_key": "sk-secret"},
    ],
)
def test_values_out_of_range_and_unknown_ones_are_refused(given):
    with pytest.raises(ValidationError):
        LlmOptions.model_validate(given)


def test_money_is_exact():
    assert LlmOptions.model_validate({"max_cost": "0.1"}).max_cost == Decimal("0.1")


def test_options_cannot_be_changed_and_can_be_a_key():
    chosen = EngineOptions(llm_model="m")
    with pytest.raises(ValidationError, match="frozen"):
        chosen.llm_model = "n"  # type: ignore[misc]
    assert {chosen: 1}[EngineOptions(llm_model="m")] == 1
    assert chosen != EngineOptions(llm_model="m", in_batches=True)
