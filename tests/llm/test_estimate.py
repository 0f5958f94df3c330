"""The plan before the bill: it counts what would be asked, and asks nothing."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

from tasks.llm.engine import Engine
from tasks.llm.estimate import plan_profiles, plan_scores
from tasks.llm.item_asking import ItemsAsking, PersonItems
from tasks.llm.options import EngineOptions
from tasks.llm.questions import PROFILE, SCORE
from tasks.llm.rendering import fingerprint
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
    return cast(
        Engine, SimpleNamespace(options=options, ledger=ledger, items_per_request=options.llm_items)
    )


def plan(people, ledger=None):
    return asyncio.run(plan_scores(engine(ledger or StubLedger()), people))


def sent(people):
    """The requests that asking for these people sends."""
    asked: list[Any] = []
    for person in people:
        asked += ItemsAsking(SCORE, "judge", person, lambda: 25, lambda _count: None).pending()
    return asked


def test_every_request_and_pair_is_counted():
    people = [PersonItems(block(n), LINES) for n in range(3)]
    made = plan(people)
    assert (made.requests, made.pairs, made.known) == (9, 180, 0)
    assert made.requests == len(sent(people))


def test_what_the_ledger_has_is_not_counted_as_asked():
    ledger = StubLedger()
    known = {fingerprint(line): 0.5 for line in LINES[:40]}
    judge = SCORE.judge(OPTIONS)
    ledger.keep_scores(judge, fingerprint(block(0)), known)
    made = plan([PersonItems(block(0), LINES), PersonItems(block(1), LINES)], ledger)
    assert (made.requests, made.pairs, made.known) == (1 + 3, 20 + 60, 40)


def test_when_everything_is_known_nothing_is_to_be_asked():
    ledger = StubLedger()
    known = {fingerprint(line): 0.5 for line in LINES}
    judge = SCORE.judge(OPTIONS)
    ledger.keep_scores(judge, fingerprint(block(0)), known)
    made = plan([PersonItems(block(0), LINES)], ledger)
    assert (made.requests, made.pairs, made.known) == (0, 0, 60)
    assert (made.usage.prompt, made.usage.answer) == (0, 0)


def test_nobody_costs_nothing():
    made = plan([])
    assert (made.requests, made.pairs, made.known, made.usage.prompt) == (0, 0, 0, 0)


def test_people_and_items_that_look_the_same_are_counted_once():
    """As they are asked for: who comes second finds the first one's answers in the ledger."""
    assert plan([PersonItems(block(0), [*LINES, *LINES])]).pairs == 60
    made = plan([PersonItems(block(0), LINES), PersonItems(block(0), LINES)])
    assert (made.requests, made.pairs) == (3, 60)


def test_planned_tokens_are_close_to_those_of_english():
    people = [PersonItems(block(n), LINES) for n in range(2)]
    made, tokens = plan(people), Tokens()
    real = sum(tokens.count(request.system + request.user) for request in sent(people))
    assert 0.85 * real < made.usage.prompt < 1.25 * real
    said = {"check": 0.3} | {f"{n:02d}": -0.5 for n in range(1, 21)}
    assert 0.7 < tokens.count(json.dumps(said)) / 20 / (made.usage.answer / made.pairs) < 1.3


def test_profiles_are_counted_once_for_each_block_and_known_ones_are_given():
    ledger = StubLedger()
    judge = PROFILE.judge(OPTIONS)
    ledger.keep_texts(judge, {fingerprint("known"): "I like it."})
    blocks = ["known", "new", "new", "", "newer"]
    made, lines = asyncio.run(plan_profiles(engine(ledger), blocks))
    assert (made.requests, made.pairs, made.known) == (2, 0, 1)
    assert lines == {"known": "I like it."}
    assert made.usage.prompt > 0
    assert made.usage.answer > 0
