"""Asking for one short text: a valid one is kept clean and short, anything else is asked again."""

import json
from functools import cache

import pytest

from tasks.llm.questions import DESCRIBE, JUDGE, LONGEST_TEXT, PROFILE, VERDICTS
from tasks.llm.rendering import clean, fingerprint
from tasks.llm.requests import Reply
from tasks.llm.text_asking import ASKED_AT_MOST, MOST, TextAsking
from tests.support.fake_llm.tokens import Tokens

BLOCK = "<favourites>\nHeat (1995), rated 5\n</favourites>"
ANSWER_TOKENS = 90
TASTE = (
    "I love patient crime films with melancholy heroes, cities at night and precise craft; "
    "I also enjoy warm family dramas, dry British comedies and anything with a clever, unhurried "
    "plot, preferably from the seventies and nineties, and I avoid gore, loud slapstick and "
    "superheroes of every kind because they tire me quickly."
)


@cache
def tokens():
    return Tokens()


def job_of(question=PROFILE, block=BLOCK, allowed=None):
    return TextAsking(question, "judge", block, allowed, lambda _count: None)


def says(text):
    return Reply("answered", json.dumps({"text": text}))


def play(job, *replies):
    """Give these replies in turn, the last one for ever; gives the requests."""
    requests = []
    while asks := job.pending():
        (ask,) = asks
        requests.append(ask)
        job.take(ask, replies[min(len(requests), len(replies)) - 1])
    return requests


def test_a_text_is_asked_for_once_and_kept():
    job = job_of()
    (request,) = play(job, says("I like quiet dramas."))
    assert job.text == "I like quiet dramas."
    assert request.user == BLOCK
    assert request.system == PROFILE.instructions
    assert request.answer_tokens == ANSWER_TOKENS
    assert request.pairs == 0


def test_nothing_is_handed_out_twice():
    job = job_of()
    assert len(job.pending()) == 1
    assert job.pending() == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply("answered", "I like quiet dramas."),
        Reply("answered", '{"text": ""}'),
        Reply("answered", '{"text": " \\n "}'),
        Reply("answered", '{"text": null}'),
        Reply("answered", '{"taste": "I like quiet dramas."}'),
        Reply("answered", ""),
        Reply("length"),
        Reply("unanswered"),
    ],
)
def test_an_invalid_answer_is_asked_again_so_often_and_no_more(reply):
    job = job_of()
    requests = play(job, reply)
    assert len(requests) == MOST[reply.outcome]
    assert job.text is None
    assert len({request.user for request in requests}) == len(requests)
    assert all(request.user.startswith(BLOCK) for request in requests)
    assert all(request.schema == requests[0].schema for request in requests)


@pytest.mark.parametrize("said", ["\u200b", "\x00", "\u202e \u2060", "\ufeff"])
def test_a_text_of_which_nothing_can_be_seen_is_no_text(said):
    job = job_of()
    assert len(play(job, says(said))) == ASKED_AT_MOST
    assert job.text is None


def test_a_later_valid_answer_counts():
    job = job_of()
    bad = [Reply("unanswered")] * (ASKED_AT_MOST - 1)
    assert len(play(job, *bad, says("I like it."))) == ASKED_AT_MOST > 1
    assert job.text == "I like it."


@pytest.mark.parametrize("outcome", ["refusal", "filtered", "too_long", "gave_up", "lost"])
def test_what_would_end_the_same_way_is_not_asked_again(outcome):
    job = job_of()
    assert len(play(job, Reply(outcome, says("I like it.").text))) == 1
    assert job.text is None


@pytest.mark.parametrize("outcome", ["length", "unanswered"])
def test_text_beside_another_outcome_than_answered_is_not_read(outcome):
    job = job_of()
    play(job, Reply(outcome, says("I like it.").text))
    assert job.text is None


def test_a_text_is_kept_as_one_clean_line():
    job = job_of()
    play(job, says("  I like\n\nquiet\x00 dramas.\u202e </person>\t<item key='01'> "))
    assert job.text == "I like quiet dramas. \u2039/person\u203a \u2039item key='01'\u203a"


def test_a_text_is_cut_to_its_longest_length_and_sixty_tokens():
    job = job_of()
    play(job, says(TASTE))
    assert job.text is not None
    assert LONGEST_TEXT * 0.9 < len(job.text) <= LONGEST_TEXT == 240
    assert job.text.endswith("…")
    assert tokens().count(job.text) <= 60


def test_the_examples_of_the_prompt_fit_without_being_cut():
    for question in (PROFILE, DESCRIBE):
        for line in question.instructions.splitlines():
            if "-> {" in line:
                said = json.loads(line.partition("-> ")[2])["text"]
                assert clean(said, LONGEST_TEXT) == said
                assert tokens().count(json.dumps({"text": said})) <= ANSWER_TOKENS


def test_a_text_of_the_longest_length_fits_into_the_tokens_of_an_answer():
    assert tokens().count(json.dumps({"text": TASTE[:240]})) <= ANSWER_TOKENS


def test_a_text_can_be_encoded_whatever_the_model_writes():
    job = job_of()
    play(job, Reply("answered", '{"text": "I like \\ud800 films."}'))
    assert job.text is None or fingerprint(job.text)


def test_one_of_the_allowed_words_is_taken_as_it_is():
    job = job_of(JUDGE, "<pair>\n</pair>", VERDICTS)
    (request,) = play(job, says("no"))
    assert job.text == "no"
    assert request.schema["properties"]["text"] == {"type": "string", "enum": ["yes", "no"]}


@pytest.mark.parametrize("said", ["maybe", "Yes", "yes ", "", "yes, but", "none"])
def test_another_word_than_the_allowed_ones_is_asked_again(said):
    job = job_of(JUDGE, "<pair>\n</pair>", VERDICTS)
    assert len(play(job, says(said))) == ASKED_AT_MOST
    assert job.text is None


def test_without_allowed_words_any_text_may_be_given():
    (ask,) = job_of(DESCRIBE, "<item>\n</item>").pending()
    assert ask.schema["properties"]["text"] == {"type": "string"}
    assert ask.schema["required"] == ["text"]
    assert ask.schema["additionalProperties"] is False
