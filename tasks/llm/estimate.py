"""What would be asked: the requests that the ledger leaves, counted without sending any."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.llm.asking import Listed, Person
from tasks.llm.engine import Engine
from tasks.llm.item_work import WhyWork
from tasks.llm.judges import judge_name, profile_kind, score_kind
from tasks.llm.judging import ScoreJob
from tasks.llm.listing import TOKENS_PER_KEY_ANSWERED
from tasks.llm.ordering import ListWork
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Usage
from tasks.llm.sentences import TOKENS_PER_SENTENCE
from tasks.llm.shapes import SHAPES
from tasks.llm.ways import way_of
from tasks.llm.writing import TextJob

CHARACTERS_PER_TOKEN = 4.0
TOKENS_PER_TEXT_ANSWERED, TOKENS_PER_PARTS_ANSWERED = 50, 90


@dataclass(frozen=True)
class Plan:
    """Requests still to be sent, what they hold, and how many pairs have a score already."""

    requests: int
    pairs: int
    known: int
    usage: Usage


async def plan_scores(engine: Engine, people: Sequence[Person]) -> Plan:
    """What `ask_scores` would send for these people, if every answer came whole."""
    if engine.options.llm_ask == "list":
        return await _plan_orders(engine, people)
    way, judge = way_of(engine.options), judge_name(score_kind(engine.options), engine.options)
    asked: list[ChatRequest] = []
    pairs = known = 0
    for person in _each_once(people):
        lines = {fingerprint(line): line for line in person.lines}
        found = await engine.ledger.scores_of(judge, fingerprint(person.block), lines)
        missing = [line for item, line in lines.items() if item not in found]
        job = ScoreJob(person.block, missing, engine.options.llm_items, way)
        asked += [ask.request for ask in job.pending()]
        known += len(found)
        pairs += len(missing)
    return Plan(len(asked), pairs, known, _usage(asked, way.usual * pairs))


async def _plan_orders(engine: Engine, people: Sequence[Person]) -> Plan:
    """The windows above the first that the ledger does not know; a pair counts in each of its own.

    Windows above it may turn out to be known all the same.
    """
    asked: list[ChatRequest] = []
    known = 0
    for person in dict.fromkeys(Person(p.block, tuple(p.lines)) for p in people):
        work = ListWork(engine.options, person.block, person.lines, lambda _count: None)
        await work.next_line(engine.ledger)
        left = [ask.request for ask in work.job.asks()]
        asked += left
        known += work.job.settled
    pairs = sum(request.pairs for request in asked)
    return Plan(len(asked), pairs, known, _usage(asked, TOKENS_PER_KEY_ANSWERED * pairs))


def _each_once(people: Sequence[Person]) -> list[Person]:
    """People of whom the same is known count as one, as they do when asked about."""
    lines: dict[str, dict[str, None]] = {}
    for person in people:
        lines.setdefault(person.block, {}).update(dict.fromkeys(person.lines))
    return [Person(block, list(known)) for block, known in lines.items()]


async def plan_profiles(engine: Engine, blocks: Sequence[str]) -> tuple[Plan, dict[str, str]]:
    """What `ask_texts` would send for profiles, and the lines that the ledger has, by block."""
    kind = profile_kind(engine.options)
    judge = judge_name(kind, engine.options)
    about = {fingerprint(block): block for block in blocks if block}
    found = await engine.ledger.texts_about(judge, about)
    missing = [block for key, block in about.items() if key not in found]
    asked = [ask.request for block in missing for ask in TextJob(kind, block).pending()]
    tokens = TOKENS_PER_PARTS_ANSWERED if kind in SHAPES else TOKENS_PER_TEXT_ANSWERED
    usage = _usage(asked, tokens * len(asked))
    lines = {about[key]: line for key, line in found.items()}
    return Plan(len(asked), 0, len(found), usage), lines


async def plan_whys(engine: Engine, people: Sequence[Listed]) -> Plan:
    """What `ask_whys` would send for these people's lists."""
    asked: list[ChatRequest] = []
    known = 0
    for person in people:
        settled: list[int] = []
        work = WhyWork(engine, person.block, person.lines, person.titles, settled.append)
        await work.look_up(engine.ledger)
        asked += [line.request for line in work.lines(engine.ledger)]
        known += sum(settled)
    pairs = sum(request.pairs for request in asked)
    return Plan(len(asked), pairs, known, _usage(asked, TOKENS_PER_SENTENCE * pairs))


def _usage(asked: Sequence[ChatRequest], answer: int) -> Usage:
    characters = sum(len(request.system) + len(request.user) for request in asked)
    return Usage(prompt=round(characters / CHARACTERS_PER_TOKEN), answer=answer)
