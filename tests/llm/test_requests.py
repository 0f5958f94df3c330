"""A request's hash stands for all that reaches the model; its length for what it may cost."""

from dataclasses import replace

import pytest

from tasks.llm.item_asking import ItemsAsking, PersonItems
from tasks.llm.questions import SCORE
from tasks.llm.requests import Reply, Usage
from tests.llm.engine_support import chat_request
from tests.support.fake_llm.tokens import Tokens

REQUEST = chat_request(answer_tokens=340, pairs=25)
ENGLISH = (
    "A group of high-end professional thieves start to feel the heat from the LAPD when they"
    " unknowingly leave a verbal clue at their latest heist. Rating 8.3. Popularity 66."
)


def requests_for(block, lines):
    asked = PersonItems(block, lines)
    return ItemsAsking(SCORE, "judge", asked, lambda: 25, lambda _count: None).pending()


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
    assert replace(REQUEST, pairs=1, judge="y", attempt=2).digest("m") == REQUEST.digest("m")


def test_hashes_of_two_requests_of_one_job_differ():
    first, second = requests_for("<person>\n</person>", [f"Film {n}" for n in range(50)])
    assert first.digest("m") != second.digest("m")


def test_tokens_of_english_are_expected_with_some_reserve():
    lines = [f"Heat {n}. {ENGLISH}" for n in range(25)]
    (request,) = requests_for(f"<person>\n{ENGLISH}\n</person>", lines)
    real = Tokens().count(request.system) + Tokens().count(request.user)
    assert real <= request.tokens_expected <= 1.6 * real


def test_nothing_costs_no_tokens():
    assert replace(REQUEST, system="", user="").tokens_expected == 0


def test_a_reply_without_usage_used_nothing():
    assert Reply("answered").usage == Usage(0, 0, 0)
