"""What is wanted of the model: what the ledger has is taken, the rest is asked for and kept."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from tasks.llm.item_work import ScoreWork
from tasks.llm.judges import judge_name
from tasks.llm.judging import ASKED_AT_MOST
from tasks.llm.options import LlmOptions
from tasks.llm.prompts import prompt
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import Reply
from tasks.llm.work import TextWork, digest_alone
from tasks.llm.writing import ASKED_AT_MOST as TEXTS_ASKED_AT_MOST
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


def sizes(options):
    return SimpleNamespace(options=options, items_per_request=options.llm_items)


def score_work(told, lines=LINES, options=OPTIONS):
    return ScoreWork(sizes(options), BLOCK, lines, told.append)


def text_work(told, allowed=None):
    return TextWork(OPTIONS, "profile", BLOCK, allowed, told.append)


def work_through(work, ledger, reply):
    """Look up and ask until nothing is left; gives the lines of every round."""
    asyncio.run(work.look_up(ledger))
    rounds = []
    while lines := work.lines(ledger):
        rounds.append(lines)
        for line in lines:
            ledger.commit(line.digest(f"r{sum(map(len, rounds))}", reply(line)))
    return rounds


def test_whose_answer_it_is_names_model_wording_decoding_and_what_was_shown():
    assert judge_name("profile", OPTIONS) == f"m-1 {prompt('profile').version} t0"
    shown = LlmOptions(llm_model="m-1", llm_show=("year", "genres"))
    assert judge_name("score", shown) == f"m-1 {prompt('score').version} t0 genres+year"
    assert judge_name("score", LlmOptions(llm_model="m-1", llm_show=())).endswith(" title")


def test_the_order_of_what_is_shown_makes_no_other_judge():
    names = {
        judge_name("score", LlmOptions(llm_model="m", llm_show=shown))
        for shown in (("year", "genres"), ("genres", "year"))
    }
    assert len(names) == 1


def test_another_model_or_part_is_another_judge():
    names = {
        judge_name("score", LlmOptions.model_validate(given))
        for given in (
            {"llm_model": "m"},
            {"llm_model": "n"},
            {"llm_model": "m", "llm_show": ("year",)},
            {"llm_model": "m", "llm_show": ()},
        )
    }
    assert len(names) == 4


def test_how_many_are_asked_at_once_makes_no_other_judge():
    other = OPTIONS.model_copy(update={"llm_items": 7, "llm_concurrency": 1})
    assert judge_name("score", other) == judge_name("score", OPTIONS)


def test_scores_come_in_the_order_of_the_lines_and_are_kept():
    told: list[int] = []
    ledger, work = StubLedger(), score_work(told)
    (lines,) = work_through(work, ledger, answer)
    assert len(lines) == 3
    assert work.answers() == list(SCORES.values())
    assert ledger.scores == {
        (work.judge, fingerprint(BLOCK), fingerprint(line)): score for line, score in SCORES.items()
    }
    assert sum(told) == len(LINES)


def test_what_the_ledger_has_is_not_asked_for_again():
    ledger = StubLedger()
    work_through(score_work([]), ledger, answer)
    told: list[int] = []
    again = score_work(told)
    assert work_through(again, ledger, answer) == []
    assert again.answers() == list(SCORES.values())
    assert sum(told) == len(LINES)


def test_only_what_the_ledger_does_not_have_is_asked_for():
    told: list[int] = []
    ledger = StubLedger()
    work_through(score_work([], LINES[5:20]), ledger, answer)
    work = score_work(told)
    (lines,) = work_through(work, ledger, answer)
    asked = {item for line in lines for item in line.context["items"].values()}
    assert asked == {fingerprint(line) for line in (*LINES[:5], *LINES[20:])}
    assert work.answers() == list(SCORES.values())
    assert told[0] == 15
    assert sum(told) == 25


def test_another_persons_or_judges_scores_are_not_taken():
    ledger = StubLedger()
    work_through(score_work([]), ledger, answer)
    other = ScoreWork(sizes(OPTIONS), "<person>\nx\n</person>", LINES, lambda _count: None)
    assert len(work_through(other, ledger, answer)) == 1
    changed = OPTIONS.model_copy(update={"llm_model": "m-2"})
    assert len(work_through(score_work([], options=changed), ledger, answer)) == 1


def test_items_that_look_the_same_are_asked_for_once_and_both_have_the_score():
    told: list[int] = []
    work = score_work(told, [LINES[1], LINES[0], LINES[1]])
    ((line,),) = work_through(work, StubLedger(), answer)
    assert line.request.pairs == 2
    assert work.answers() == [SCORES[LINES[1]], SCORES[LINES[0]], SCORES[LINES[1]]]
    assert sum(told) == 3


def test_without_items_nothing_is_asked():
    work = score_work([], [])
    assert work_through(work, StubLedger(), answer) == []
    assert work.answers() == []


def test_an_item_without_a_score_has_none_and_is_told_as_settled_once():
    told: list[int] = []
    ledger, work = StubLedger(), score_work(told, LINES[:3])
    never = fingerprint(LINES[1])

    def forgetful(line):
        key = next((k for k, item in line.context["items"].items() if item == never), "")
        return answer(line, [key])

    assert len(work_through(work, ledger, forgetful)) == ASKED_AT_MOST
    assert work.answers() == [SCORES[LINES[0]], None, SCORES[LINES[2]]]
    assert len(ledger.scores) == 2
    assert sum(told) == 3
    assert work.suspected == 0


def test_an_item_that_changes_the_check_is_counted():
    work = score_work([], LINES[:3])

    def fooled(line):
        if fingerprint(LINES[1]) in line.context["items"].values():
            return Reply("answered", '{"check": 7}')
        return answer(line)

    work_through(work, StubLedger(), fooled)
    assert work.suspected == 1
    assert work.answers() == [SCORES[LINES[0]], None, SCORES[LINES[2]]]


def test_a_request_that_was_given_up_leaves_its_items_without_a_score():
    told: list[int] = []
    work, ledger = score_work(told), StubLedger()
    assert len(work_through(work, ledger, lambda _line: Reply("gave_up"))) == 1
    assert work.answers() == [None] * len(LINES)
    assert ledger.scores == {}
    assert sum(told) == len(LINES)


def test_works_for_the_same_person_and_judge_have_one_name():
    assert score_work([]).name == score_work([], LINES[:3]).name
    names = {
        score_work([]).name,
        ScoreWork(sizes(OPTIONS), "<person>\nx\n</person>", LINES, print).name,
        score_work([], options=OPTIONS.model_copy(update={"llm_model": "m-2"})).name,
        text_work([]).name,
    }
    assert len(names) == 4


def test_the_context_of_a_line_is_json_and_reads_its_answer_alone():
    ledger, alone = StubLedger(), StubLedger()
    asyncio.run((work := score_work([])).look_up(ledger))
    for line in work.lines(ledger):
        context = json.loads(json.dumps(line.context))
        reply = answer(line, ["02"])
        ledger.commit(line.digest("r", reply))
        alone.commit(digest_alone(alone.real, "r", line.judge, context, reply))
    assert len(ledger.scores) == 22
    assert alone.scores == ledger.scores


@pytest.mark.parametrize("outcome", ["length", "refusal", "filtered", "gave_up", "unanswered"])
def test_alone_too_only_a_whole_answer_is_read(outcome):
    asyncio.run((work := score_work([])).look_up(StubLedger()))
    line = work.lines(StubLedger())[0]
    reply = Reply(outcome, answer(line).text)
    assert not digest_alone(StubLedger().real, "r", line.judge, line.context, reply)


def test_alone_too_another_check_spoils_the_whole_answer():
    asyncio.run((work := score_work([])).look_up(StubLedger()))
    line = work.lines(StubLedger())[0]
    other = line.context | {"check": 0.05}
    assert not digest_alone(StubLedger().real, "r", line.judge, other, answer(line))


def says(text):
    return lambda _line: Reply("answered", json.dumps({"text": text}))


def test_a_text_is_asked_for_and_kept():
    told: list[int] = []
    ledger, work = StubLedger(), text_work(told)
    assert len(work_through(work, ledger, says("I like\nit."))) == 1
    assert work.text() == "I like it."
    assert ledger.texts == {(work.judge, fingerprint(BLOCK)): "I like it."}
    assert told == [1]


def test_a_text_that_the_ledger_has_is_not_asked_for():
    told: list[int] = []
    ledger = StubLedger()
    work_through(text_work([]), ledger, says("I like it."))
    again = text_work(told)
    assert work_through(again, ledger, says("I hate it.")) == []
    assert again.text() == "I like it."
    assert told == [1]


def test_a_text_is_asked_again_until_it_is_valid():
    told: list[int] = []
    ledger, work = StubLedger(), text_work(told, ["yes", "no"])
    said = iter(["maybe", "yes"])

    def replies(line):
        return says(next(said))(line)

    assert len(work_through(work, ledger, replies)) == 2
    assert work.text() == "yes"
    assert sum(told) == 1


@pytest.mark.parametrize("outcome", ["answered", "refusal", "gave_up"])
def test_a_text_that_is_given_up_is_told_as_settled_too(outcome):
    """As scores are: else a bar never reaches its end."""
    told: list[int] = []
    ledger, work = StubLedger(), text_work(told)
    rounds = work_through(work, ledger, lambda _line: Reply(outcome))
    assert len(rounds) == (TEXTS_ASKED_AT_MOST if outcome == "answered" else 1)
    assert work.text() is None
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
    ledger, alone = StubLedger(), StubLedger()
    asyncio.run((work := text_work([], allowed)).look_up(ledger))
    (line,) = work.lines(ledger)
    context, reply = json.loads(json.dumps(line.context)), says(said)(line)
    ledger.commit(line.digest("r", reply))
    alone.commit(digest_alone(alone.real, "r", line.judge, context, reply))
    assert alone.texts == ledger.texts
