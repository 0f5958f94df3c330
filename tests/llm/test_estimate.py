"""The plan before the bill: it counts what would be asked, and asks nothing."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

from tasks.llm.asking import Person
from tasks.llm.engine import Engine
from tasks.llm.estimate import plan_profiles, plan_scores
from tasks.llm.item_work import ScoreWork
from tasks.llm.judges import judge_name
from tasks.llm.options import EngineOptions
from tasks.llm.rendering import fingerprint
from tasks.llm.ways import ASPECTS
from tests.llm.stub_ledger import StubLedger
from tests.support.fake_llm.tokens import Tokens

OPTIONS = EngineOptions(llm_model="m", llm_items=25)
LINES = [
    f"Heat {n} (1995). Action, Crime. A group of professional thieves start to feel the heat from"
    " the police when they leave a clue at their latest heist. Rating 8.3. Popularity 66."
    for n in range(60)
]


def block(number):
    return f"<person>\nIn their words: I like film {number}.\n</person>"


def engine(ledger, **more):
    """An engine that could not send anything."""
    options = OPTIONS.model_copy(update=more)
    return cast(Engine, SimpleNamespace(options=options, ledger=ledger))


def plan(people, ledger=None):
    return asyncio.run(plan_scores(engine(ledger or StubLedger()), people))


def sent(people):
    """The requests that asking for these people sends."""
    asked: list[Any] = []
    sizes = SimpleNamespace(options=OPTIONS, items_per_request=OPTIONS.llm_items)
    for person in people:
        work = ScoreWork(sizes, person.block, person.lines, lambda _count: None)
        asyncio.run(work.look_up(StubLedger().real))
        asked += [line.request for line in work.lines(StubLedger().real)]
    return asked


def test_every_request_and_pair_is_counted():
    people = [Person(block(n), LINES) for n in range(3)]
    made = plan(people)
    assert (made.requests, made.pairs, made.known) == (9, 180, 0)
    assert made.requests == len(sent(people))


def test_what_the_ledger_has_is_not_counted_as_asked():
    ledger = StubLedger()
    known = {fingerprint(line): 0.5 for line in LINES[:40]}
    judge = judge_name("score", OPTIONS)
    ledger.commit(ledger.keep_scores("r", judge, fingerprint(block(0)), known))
    made = plan([Person(block(0), LINES), Person(block(1), LINES)], ledger)
    assert (made.requests, made.pairs, made.known) == (1 + 3, 20 + 60, 40)


def test_when_everything_is_known_nothing_is_to_be_asked():
    ledger = StubLedger()
    known = {fingerprint(line): 0.5 for line in LINES}
    judge = judge_name("score", OPTIONS)
    ledger.commit(ledger.keep_scores("r", judge, fingerprint(block(0)), known))
    made = plan([Person(block(0), LINES)], ledger)
    assert (made.requests, made.pairs, made.known) == (0, 0, 60)
    assert (made.usage.prompt, made.usage.answer) == (0, 0)


def test_nobody_costs_nothing():
    made = plan([])
    assert (made.requests, made.pairs, made.known, made.usage.prompt) == (0, 0, 0, 0)


def test_people_and_items_that_look_the_same_are_counted_once():
    """As they are asked for: who comes second finds the first one's answers in the ledger."""
    assert plan([Person(block(0), [*LINES, *LINES])]).pairs == 60
    made = plan([Person(block(0), LINES), Person(block(0), LINES)])
    assert (made.requests, made.pairs) == (3, 60)


def test_planned_tokens_are_close_to_those_of_english():
    people = [Person(block(n), LINES) for n in range(2)]
    made, tokens = plan(people), Tokens()
    real = sum(tokens.count(request.system + request.user) for request in sent(people))
    assert 0.85 * real < made.usage.prompt < 1.25 * real
    said = {"check": 0.3} | {f"{n:02d}": -0.5 for n in range(1, 21)}
    assert 0.7 < tokens.count(json.dumps(said)) / 20 / (made.usage.answer / made.pairs) < 1.3


def test_profiles_are_counted_once_for_each_block_and_known_ones_are_given():
    ledger = StubLedger()
    judge = judge_name("profile", OPTIONS)
    ledger.commit(ledger.keep_text("r", judge, fingerprint("known"), "I like it."))
    blocks = ["known", "new", "new", "", "newer"]
    made, lines = asyncio.run(plan_profiles(engine(ledger), blocks))
    assert (made.requests, made.pairs, made.known) == (2, 0, 1)
    assert lines == {"known": "I like it."}
    assert made.usage.prompt > 0
    assert made.usage.answer > 0


def test_tastes_of_another_style_are_known_apart_and_have_longer_answers():
    ledger = StubLedger()
    for kind in ("profile", "structured"):
        known = ledger.keep_text("r", judge_name(kind, OPTIONS), fingerprint(kind), "I like it.")
        ledger.commit(known)
    blocks = ["profile", "structured", "new"]
    plain, _ = asyncio.run(plan_profiles(engine(ledger), blocks))
    made, lines = asyncio.run(plan_profiles(engine(ledger, profile_style="structured"), blocks))
    assert list(lines) == ["structured"]
    assert (made.requests, made.known) == (plain.requests, plain.known) == (2, 1)
    assert made.usage.answer > plain.usage.answer


def test_scores_by_aspect_take_as_many_requests_and_longer_answers():
    people = [Person(block(n), LINES) for n in range(3)]
    made = asyncio.run(plan_scores(engine(StubLedger(), llm_ask="aspects"), people))
    assert (made.requests, made.pairs) == (9, 180)
    said = {f"{n:02d}": dict.fromkeys(ASPECTS, -0.5) for n in range(1, 21)}
    tokens = Tokens().count(json.dumps({"check": 0.3} | said)) / 20
    assert 0.7 < tokens / (made.usage.answer / made.pairs) < 1.3
