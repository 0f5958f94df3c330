"""What would be asked: the requests that the ledger leaves, counted without sending any."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.llm.asking import Person
from tasks.llm.engine import Engine
from tasks.llm.judges import judge_name
from tasks.llm.judging import ScoreJob
from tasks.llm.rendering import fingerprint
from tasks.llm.requests import ChatRequest, Usage
from tasks.llm.writing import TextJob

CHARACTERS_PER_TOKEN = 4.0
TOKENS_PER_SCORE_ANSWERED, TOKENS_PER_TEXT_ANSWERED = 7, 50


@dataclass(frozen=True)
class Plan:
    """Requests still to be sent, what they hold, and how many pairs have a score already."""

    requests: int
    pairs: int
    known: int
    usage: Usage


async def plan_scores(engine: Engine, people: Sequence[Person]) -> Plan:
    """What `ask_scores` would send for these people, if every answer came whole."""
    judge = judge_name("score", engine.options)
    asked: list[ChatRequest] = []
    pairs = known = 0
    for person in _each_once(people):
        lines = {fingerprint(line): line for line in person.lines}
        found = await engine.ledger.scores_of(judge, fingerprint(person.block), lines)
        missing = [line for item, line in lines.items() if item not in found]
        job = ScoreJob(person.block, missing, engine.options.llm_items)
        asked += [ask.request for ask in job.pending()]
        known += len(found)
        pairs += len(missing)
    return Plan(len(asked), pairs, known, _usage(asked, TOKENS_PER_SCORE_ANSWERED * pairs))


def _each_once(people: Sequence[Person]) -> list[Person]:
    """People of whom the same is known count as one, as they do when asked about."""
    lines: dict[str, dict[str, None]] = {}
    for person in people:
        lines.setdefault(person.block, {}).update(dict.fromkeys(person.lines))
    return [Person(block, list(known)) for block, known in lines.items()]


async def plan_profiles(engine: Engine, blocks: Sequence[str]) -> tuple[Plan, dict[str, str]]:
    """What `ask_texts` would send for profiles, and the lines that the ledger has, by block."""
    judge = judge_name("profile", engine.options)
    about = {fingerprint(block): block for block in blocks if block}
    found = await engine.ledger.texts_about(judge, about)
    missing = [block for key, block in about.items() if key not in found]
    asked = [ask.request for block in missing for ask in TextJob("profile", block).pending()]
    usage = _usage(asked, TOKENS_PER_TEXT_ANSWERED * len(asked))
    lines = {about[key]: line for key, line in found.items()}
    return Plan(len(asked), 0, len(found), usage), lines


def _usage(asked: Sequence[ChatRequest], answer: int) -> Usage:
    characters = sum(len(request.system) + len(request.user) for request in asked)
    return Usage(prompt=round(characters / CHARACTERS_PER_TOKEN), answer=answer)
