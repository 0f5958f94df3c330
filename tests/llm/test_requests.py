"""A request's hash stands for all that reaches the model; its length for what it may cost."""

from dataclasses import replace

import pytest

from tasks.llm.judging import ScoreJob
from tasks.llm.requests import ChatRequest, Reply, Usage
from tests.support.fake_llm.tokens import Tokens

REQUEST = ChatRequest("score", "score-1-abc", "Judge.", "Heat", {"type": "object"}, 340, 25)
ENGLISH = (
    "A group of high-end professional thieves start to feel the heat from the LAPD when they"
    " unknowingly leave a verbal clue at their latest heist. Rating 8.3. Popularity 66."
)


def test_the_same_request_has_the_same_hash():
    assert REQUEST.digest("m") == replace(REQUEST).digest("m")
    assert len(REQUEST.digest("m")) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"system": "Judge!"},
        {"user": "Heat "},
        {"schema": {"type": "array"}},
        {"answer_tokens": 341},
        {"system": "Judge.Heat", "user": ""},
    ],
)
def test_whatever_reaches_the_model_changes_the_hash(change):
    assert replace(REQUEST, **change).digest("m") != REQUEST.digest("m")


def test_another_model_is_another_request():
    assert REQUEST.digest("m") != REQUEST.digest("n")


def test_bookkeeping_does_not_change_the_hash():
    assert replace(REQUEST, pairs=1, prompt_version="x").digest("m") == REQUEST.digest("m")


def test_hashes_of_two_requests_of_one_job_differ():
    first, second = ScoreJob("<person>\n</person>", [f"Film {n}" for n in range(50)], 25).pending()
    assert first.request.digest("m") != second.request.digest("m")


def test_tokens_of_english_are_expected_with_some_reserve():
    job = ScoreJob(
        f"<person>\n{ENGLISH}\n</person>", [f"Heat {n}. {ENGLISH}" for n in range(25)], 25
    )
    (ask,) = job.pending()
    real = Tokens().count(ask.request.system) + Tokens().count(ask.request.user)
    assert real <= ask.request.tokens_expected <= 1.6 * real


def test_nothing_costs_no_tokens():
    assert replace(REQUEST, system="", user="").tokens_expected == 0


def test_a_reply_without_usage_used_nothing():
    assert Reply("answered").usage == Usage(0, 0, 0)
