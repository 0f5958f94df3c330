"""Many people's scores, many texts: what the ledger has is taken, the rest is asked for."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.core.progress import say
from tasks.llm.batch_api import ask_in_batches
from tasks.llm.engine import Engine
from tasks.llm.item_work import ScoreWork, WhyWork
from tasks.llm.ordering import ListWork
from tasks.llm.prompts import Kind
from tasks.llm.work import TextWork, Work

Settled = Callable[[int], None]
"""Told how many more scores or texts are there, or given up."""


@dataclass(frozen=True)
class Person:
    """A person and items as the model is shown them: their block and lines."""

    block: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Listed(Person):
    """A person and the items of their list, with the items' titles."""

    titles: Sequence[str]


async def ask_scores(
    engine: Engine, people: Sequence[Person], settled: Settled
) -> list[list[float | None]]:
    """One score in [-1, 1] per line of every person; None where the model gave none.

    With `llm_ask` "list" a score is the line's place in the order that the model gives them.
    Raises LlmError or LedgerError when no more can be asked; what was answered is kept.
    """
    if engine.options.llm_ask == "list":
        return await _ask_orders(engine, people, settled)
    works = [ScoreWork(engine, p.block, p.lines, settled) for p in people]
    await _do(engine, works)
    suspected = sum(work.suspected for work in works)
    if suspected:
        say(f"    items without a score, as their text seems to instruct the model: {suspected:,}")
    return [work.answers() for work in works]


async def ask_whys(
    engine: Engine, people: Sequence[Listed], settled: Settled, *, only_known: bool = False
) -> list[list[str | None]]:
    """One sentence per line of every person; None where there is none.

    With `only_known` nothing is asked. Raises as `ask_scores` does.
    """
    works = [WhyWork(engine, p.block, p.lines, p.titles, settled) for p in people]
    if only_known:
        for work in works:
            await work.look_up(engine.ledger)
    else:
        await _do(engine, works)
    return [work.answers() for work in works]


async def _ask_orders(
    engine: Engine, people: Sequence[Person], settled: Settled
) -> list[list[float | None]]:
    works = [ListWork(engine.options, p.block, p.lines, settled) for p in people]
    await _all(_one_by_one(engine, work) for work in works)
    left, suspected = (sum(getattr(w.job, n) for w in works) for n in ("left", "suspected"))
    if left:
        say(
            f"    windows without a valid order: {left:,}, of these with a changed check:"
            f" {suspected:,}"
        )
    return [work.job.similarities() for work in works]


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
    await _all(_live(engine, work) for work in works)


async def _all(askings: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side to the end of all; then raise what the first that failed raised."""
    for result in await asyncio.gather(*askings, return_exceptions=True):
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


async def _one_by_one(engine: Engine, work: ListWork) -> None:
    """The windows of one list, each asked for when the one below it is in order."""
    await engine.claim(work.name)
    try:
        while (line := await work.next_line(engine.ledger)) is not None:
            await engine.ask(line.request, line.judge, line.digest)
    finally:
        await engine.ledger.claims.give_back(work.name)
