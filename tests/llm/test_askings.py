"""What is wanted of the model: what the ledger has is taken, the rest is asked for and kept."""

import asyncio
import json
from dataclasses import replace

import pytest

from tasks.llm.answers import title_print
from tasks.llm.item_asking import ASKED_AT_MOST, ItemsAsking, PersonItems
from tasks.llm.options import LlmOptions
from tasks.llm.questions import PROFILE, SCORE, read_reply
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import Reply, Subject
from tasks.llm.text_asking import ASKED_AT_MOST as TEXTS_ASKED_AT_MOST
from tasks.llm.text_asking import TextAsking
from tests.llm.stub_ledger import StubLedger

OPTIONS = LlmOptions(llm_model="m-1", llm_items=10)
BLOCK = "<person>\n</person>"
LINES = [f"Film {number}." for number in range(25)]
SCORES = {line: round(place / 25, 2) for place, line in enumerate(LINES)}


def answer(line, missing=()):
    """The reply to a request of a work's: every item's own score."""
    asked = line.context["items"]
    by_hash = {fingerprint(text): score for text, score in SCORES.items()}
    said = {key: by_hash[item] for key, item in asked.items() if key not in missing}
    return Reply("answered", json.dumps({"check": line.context["check"]} | said))


def score_asking(told, lines=LINES, options=OPTIONS, block=BLOCK):
    asked = PersonItems(block, lines)
    return ItemsAsking(SCORE, SCORE.judge(options), asked, lambda: options.llm_items, told.append)


def text_asking(told, allowed=None):
    return TextAsking(PROFILE, PROFILE.judge(OPTIONS), BLOCK, allowed, told.append)


def ask_all(asking, ledger, reply):
    """Look up and ask until nothing is left; gives the requests of every round."""
    rounds = []
    while requests := asyncio.run(asking.next(ledger)):
        rounds.append(requests)
        for request in requests:
            ledger.keep(request, asking.take(request, reply(request)))
    return rounds


def alone(request):
    """What another process knows of a request of a batch."""
    context = json.loads(json.dumps(request.context))
    return Subject(request.kind, request.judge, request.pairs, context)


def test_scores_come_in_the_order_of_the_lines_and_are_kept():
    told: list[int] = []
    ledger, work = StubLedger(), score_asking(told)
    (lines,) = ask_all(work, ledger, answer)
    assert len(lines) == 3
    assert work.answers() == list(SCORES.values())
    assert ledger.scores == {
        (work.judge, fingerprint(BLOCK), fingerprint(line)): score for line, score in SCORES.items()
    }
    assert sum(told) == len(LINES)


def test_what_the_ledger_has_is_not_asked_for_again():
    ledger = StubLedger()
    ask_all(score_asking([]), ledger, answer)
    told: list[int] = []
    again = score_asking(told)
    assert ask_all(again, ledger, answer) == []
    assert again.answers() == list(SCORES.values())
    assert sum(told) == len(LINES)


def test_only_what_the_ledger_does_not_have_is_asked_for():
    told: list[int] = []
    ledger = StubLedger()
    ask_all(score_asking([], LINES[5:20]), ledger, answer)
    work = score_asking(told)
    (lines,) = ask_all(work, ledger, answer)
    asked = {item for line in lines for item in line.context["items"].values()}
    assert asked == {fingerprint(line) for line in (*LINES[:5], *LINES[20:])}
    assert work.answers() == list(SCORES.values())
    assert told[0] == 15
    assert sum(told) == 25


def test_another_persons_or_judges_scores_are_not_taken():
    ledger = StubLedger()
    ask_all(score_asking([]), ledger, answer)
    other = score_asking([], block="<person>\nx\n</person>")
    assert len(ask_all(other, ledger, answer)) == 1
    changed = OPTIONS.model_copy(update={"llm_model": "m-2"})
    assert len(ask_all(score_asking([], options=changed), ledger, answer)) == 1


def test_items_that_look_the_same_are_asked_for_once_and_both_have_the_score():
    told: list[int] = []
    work = score_asking(told, [LINES[1], LINES[0], LINES[1]])
    ((line,),) = ask_all(work, StubLedger(), answer)
    assert line.pairs == 2
    assert work.answers() == [SCORES[LINES[1]], SCORES[LINES[0]], SCORES[LINES[1]]]
    assert sum(told) == 3


def test_without_items_nothing_is_asked():
    work = score_asking([], [])
    assert ask_all(work, StubLedger(), answer) == []
    assert work.answers() == []


def test_an_item_without_a_score_has_none_and_is_told_as_settled_once():
    told: list[int] = []
    ledger, work = StubLedger(), score_asking(told, LINES[:3])
    never = fingerprint(LINES[1])

    def forgetful(line):
        key = next((k for k, item in line.context["items"].items() if item == never), "")
        return answer(line, [key])

    assert len(ask_all(work, ledger, forgetful)) == ASKED_AT_MOST
    assert work.answers() == [SCORES[LINES[0]], None, SCORES[LINES[2]]]
    assert len(ledger.scores) == 2
    assert sum(told) == 3
    assert not work.suspected


def test_an_item_that_changes_the_check_is_counted():
    work = score_asking([], LINES[:3])

    def fooled(line):
        if fingerprint(LINES[1]) in line.context["items"].values():
            return Reply("answered", '{"check": 7}')
        return answer(line)

    ask_all(work, StubLedger(), fooled)
    assert len(work.suspected) == 1
    assert work.answers() == [SCORES[LINES[0]], None, SCORES[LINES[2]]]


def test_a_request_that_was_given_up_leaves_its_items_without_a_score():
    told: list[int] = []
    work, ledger = score_asking(told), StubLedger()
    assert len(ask_all(work, ledger, lambda _line: Reply("gave_up"))) == 1
    assert work.answers() == [None] * len(LINES)
    assert ledger.scores == {}
    assert sum(told) == len(LINES)


def test_who_asks_about_the_same_person_for_the_same_judge_has_one_claim():
    assert score_asking([]).claim == score_asking([], LINES[:3]).claim
    names = {
        score_asking([]).claim,
        score_asking([], block="<person>\nx\n</person>").claim,
        score_asking([], options=OPTIONS.model_copy(update={"llm_model": "m-2"})).claim,
        text_asking([]).claim,
    }
    assert len(names) == 4


def test_the_context_of_a_line_is_json_and_reads_its_answer_alone():
    ledger, other = StubLedger(), StubLedger()
    work = score_asking([])
    for line in asyncio.run(work.next(ledger)):
        reply = answer(line, ["02"])
        ledger.keep(line, work.take(line, reply))
        other.keep(alone(line), read_reply(alone(line), reply).values)
    assert len(ledger.scores) == 22
    assert other.scores == ledger.scores


@pytest.mark.parametrize("outcome", ["length", "refusal", "filtered", "gave_up", "unanswered"])
def test_alone_too_only_a_whole_answer_is_read(outcome):
    line = score_asking([]).pending()[0]
    assert not read_reply(alone(line), Reply(outcome, answer(line).text)).values


def test_alone_too_another_check_spoils_the_whole_answer():
    line = score_asking([]).pending()[0]
    other = replace(alone(line), context=line.context | {"check": 0.05})
    assert not read_reply(other, answer(line)).values


@pytest.mark.parametrize("kind", ["aspects", "structured", "contrastive", "unheard of"])
def test_an_answer_to_a_question_that_is_gone_holds_nothing(kind):
    line = score_asking([]).pending()[0]
    assert not read_reply(replace(alone(line), kind=kind), answer(line)).values


def says(text):
    return lambda _line: Reply("answered", json.dumps({"text": text}))


def test_a_text_is_asked_for_and_kept():
    told: list[int] = []
    ledger, work = StubLedger(), text_asking(told)
    assert len(ask_all(work, ledger, says("I like\nit."))) == 1
    assert work.text == "I like it."
    assert ledger.texts == {(work.judge, fingerprint(BLOCK)): "I like it."}
    assert sum(told) == 1


def test_a_text_that_the_ledger_has_is_not_asked_for():
    told: list[int] = []
    ledger = StubLedger()
    ask_all(text_asking([]), ledger, says("I like it."))
    again = text_asking(told)
    assert ask_all(again, ledger, says("I hate it.")) == []
    assert again.text == "I like it."
    assert sum(told) == 1


def test_a_text_is_asked_again_until_it_is_valid():
    told: list[int] = []
    ledger, work = StubLedger(), text_asking(told, ["yes", "no"])
    said = iter(["maybe", "yes"])

    def replies(line):
        return says(next(said))(line)

    assert len(ask_all(work, ledger, replies)) == 2
    assert work.text == "yes"
    assert sum(told) == 1


@pytest.mark.parametrize("outcome", ["answered", "refusal", "gave_up"])
def test_a_text_that_is_given_up_is_told_as_settled_too(outcome):
    """As scores are: else a bar never reaches its end."""
    told: list[int] = []
    ledger, work = StubLedger(), text_asking(told)
    rounds = ask_all(work, ledger, lambda _line: Reply(outcome))
    assert len(rounds) == (TEXTS_ASKED_AT_MOST if outcome == "answered" else 1)
    assert work.text is None
    assert ledger.texts == {}
    assert sum(told) == 1


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("I like\nit.", None),
        ("long " * 100, None),
        ("yes", ["yes", "no"]),
        ("maybe", ["yes", "no"]),
        ("", None),
        ("\u200b", None),
    ],
)
def test_a_text_is_the_same_read_alone(said, allowed):
    ledger, other, work = StubLedger(), StubLedger(), text_asking([], allowed)
    (line,) = asyncio.run(work.next(ledger))
    reply = says(said)(line)
    ledger.keep(line, work.take(line, reply))
    other.keep(alone(line), read_reply(alone(line), reply).values)
    assert other.texts == ledger.texts


@pytest.mark.parametrize(
    ("kind", "context", "answer", "values"),
    [
        (
            "score",
            {"person": "p", "items": {"01": "a", "02": "b"}, "check": 0.37},
            {"check": 0.37, "01": 0.5, "02": 7},
            {"a": 0.5},
        ),
        (
            "explain",
            {"person": "p", "items": {"01": "a"}, "check": 0.37, "titles": {"01": "TITLE"}},
            {"check": 0.37, "01": {"title": "Heat", "why": "You love heists."}},
            {"a": "You love heists."},
        ),
        ("profile", {"about": "a", "allowed": None}, {"text": "I like it."}, {"a": "I like it."}),
        ("judge", {"about": "a", "allowed": ["yes", "no"]}, {"text": "no"}, {"a": "no"}),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_an_open_batch_of_an_earlier_version_is_read(kind, context, answer, values, named):
    """Some contexts named their kind and some did not: the request's own row always has."""
    stored = json.dumps(context | ({"kind": kind} if named else {}))
    stored = stored.replace("TITLE", title_print("Heat"))
    subject = Subject(kind, "judge", 1, json.loads(stored))
    assert read_reply(subject, Reply("answered", json.dumps(answer))).values == values
