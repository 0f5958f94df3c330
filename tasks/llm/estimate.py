"""What would be asked: the requests that the ledger leaves, counted without sending any."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.llm.asking import score_asking, sentence_asking
from tasks.llm.engine import Engine
from tasks.llm.item_asking import ItemsAsking, PersonItems
from tasks.llm.questions import PROFILE, WHY, Question, scoring
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Usage
from tasks.llm.text_asking import TextAsking

CHARACTERS_PER_TOKEN = 4.0


@dataclass(frozen=True)
class RequestPlan:
    """Requests still to be sent, what they hold, and how many pairs have an answer already."""

    requests: int
    pairs: int
    known: int
    usage: Usage


async def plan_scores(engine: Engine, people: Sequence[PersonItems]) -> RequestPlan:
    """What `ask_scores` would send for these people, if every answer came whole."""
    askings = [score_asking(engine, person, _ignore) for person in _each_once(people)]
    return await _plan_items(engine, scoring(engine.options), askings)


async def plan_sentences(engine: Engine, people: Sequence[PersonItems]) -> RequestPlan:
    """What `ask_sentences` would send for these people's lists."""
    askings = [sentence_asking(engine, person, _ignore) for person in people]
    return await _plan_items(engine, WHY, askings)


async def plan_profiles(
    engine: Engine, blocks: Sequence[str]
) -> tuple[RequestPlan, dict[str, str]]:
    """What `ask_texts` would send for profiles, and the lines that the ledger has, by block."""
    judge = PROFILE.judge(engine.options)
    about = {fingerprint(block): block for block in blocks if block}
    known = await engine.ledger.texts_about(judge, about)
    missing = [block for key, block in about.items() if key not in known]
    askings = (TextAsking(PROFILE, judge, block, None, _ignore) for block in missing)
    sent = [request for asking in askings for request in asking.pending()]
    lines = {about[key]: line for key, line in known.items()}
    return _plan(PROFILE, sent, len(known)), lines


async def _plan_items(
    engine: Engine,
    question: Question[Any],
    askings: Sequence[ItemsAsking[Any]],
) -> RequestPlan:
    sent: list[ChatRequest] = []
    known = 0
    for asking in askings:
        sent += await asking.next(engine.ledger)
        known += len(asking.answers()) - asking.answers().count(None)
    return _plan(question, sent, known)


def _each_once(people: Sequence[PersonItems]) -> list[PersonItems]:
    """People of whom the same is known count as one, as they do when asked about."""
    lines: dict[str, dict[str, None]] = {}
    for person in people:
        lines.setdefault(person.block, {}).update(dict.fromkeys(person.lines))
    return [PersonItems(block, list(known)) for block, known in lines.items()]


def _plan(question: Question[Any], sent: Sequence[ChatRequest], known: int) -> RequestPlan:
    characters = sum(len(request.system) + len(request.user) for request in sent)
    pairs = sum(request.pairs for request in sent)
    answer = question.expected * (pairs or len(sent))
    usage = Usage(prompt=round(characters / CHARACTERS_PER_TOKEN), answer=answer)
    return RequestPlan(len(sent), pairs, known, usage)


def _ignore(_count: int) -> None:
    """Nobody waits for a plan."""
