"""Many people's scores, many texts: what the ledger has is taken, the rest is asked for."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.llm.batch_api import ask_in_batches
from tasks.llm.engine import Engine
from tasks.llm.prompts import Kind
from tasks.llm.work import ScoreWork, TextWork, Work
from tasks.progress import say

Settled = Callable[[int], None]
"""Told how many more scores or texts are there, or given up."""


@dataclass(frozen=True)
class Person:
    """A person and items as the model is shown them: their block and lines."""

    block: str
    lines: Sequence[str]


async def ask_scores(
    engine: Engine, people: Sequence[Person], settled: Settled
) -> list[list[float | None]]:
    """One score in [-1, 1] per line of every person; None where the model gave none.

    Raises LlmError or LedgerError when no more can be asked; what was answered is kept.
    """
    works = [ScoreWork(engine, p.block, p.lines, settled) for p in people]
    await _do(engine, works)
    suspected = sum(work.suspected for work in works)
    if suspected:
        say(f"    items without a score, as their text seems to instruct the model: {suspected:,}")
    return [work.scores() for work in works]


async def ask_texts(
    engine: Engine,
    kind: Kind,
    blocks: Sequence[str],
    settled: Settled,
    allowed: Sequence[str] | None = None,
) -> list[str | None]:
    """One text per block, None where the model gave none; `allowed` are the words it may be."""
    once = list(dict.fromkeys(blocks))
    works = [TextWork(engine.options, kind, block, allowed, settled) for block in once]
    await _do(engine, works)
    said = {block: work.text() for block, work in zip(once, works, strict=True)}
    return [said[block] for block in blocks]


async def _do(engine: Engine, works: Sequence[Work]) -> None:
    if engine.options.in_batches:
        await ask_in_batches(engine, works)
        return
    done = await asyncio.gather(*(_live(engine, w) for w in works), return_exceptions=True)
    for result in done:
        if result is not None:
            raise result


async def _live(engine: Engine, work: Work) -> None:
    """One request after another, so that each finds the one before in the server's prefix cache.

    Different people and texts go side by side, as many as the limits allow. Whoever asks for the
    same thing at the same time waits, then finds the answers in the ledger.
    """
    await engine.claim(work.name)
    try:
        await work.look_up(engine.ledger)
        while lines := work.lines(engine.ledger):
            for line in lines:
                await engine.ask(line.request, line.judge, line.digest)
    finally:
        await engine.ledger.claims.give_back(work.name)
