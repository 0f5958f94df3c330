"""Many people's scores, sentences, texts: what the ledger has is taken, the rest is asked for."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any

from tasks.core.progress import bar, say
from tasks.llm.batch_api import Batches
from tasks.llm.engine import Engine
from tasks.llm.item_asking import ItemsAsking, PersonItems, Settled
from tasks.llm.options import EngineOptions
from tasks.llm.questions import CHOOSE, QUESTIONS, WHY, Kind, scoring
from tasks.llm.rendering import clean
from tasks.llm.session import session_for
from tasks.llm.text_asking import TextAsking

LONGEST_LINE = 400
NONE = "none"

Asking = ItemsAsking[Any] | TextAsking


async def ask_scores(
    engine: Engine, people: Sequence[PersonItems], settled: Settled
) -> list[list[float | None]]:
    """One score in [-1, 1] per line of every person; None where the model gave none.

    Raises LlmError or LedgerError when no more can be asked; what was answered is kept.
    """
    askings = [score_asking(engine, person, settled) for person in people]
    await _ask_all(engine, askings)
    suspected = sum(len(asking.suspected) for asking in askings)
    if suspected:
        say(f"    items without a score, as their text seems to instruct the model: {suspected:,}")
    return [asking.answers() for asking in askings]


async def ask_sentences(
    engine: Engine, people: Sequence[PersonItems], settled: Settled, *, only_known: bool = False
) -> list[list[str | None]]:
    """One sentence per line of every person; None where there is none.

    With `only_known` nothing is asked. Raises as `ask_scores` does.
    """
    askings = [sentence_asking(engine, person, settled) for person in people]
    if only_known:
        for asking in askings:
            await asking.look_up(engine.ledger)
    else:
        await _ask_all(engine, askings)
    return [asking.answers() for asking in askings]


async def ask_texts(
    engine: Engine,
    kind: Kind,
    blocks: Sequence[str],
    settled: Settled,
    allowed: Sequence[str] | None = None,
) -> list[str | None]:
    """One text per block, None where the model gave none; `allowed` are the words it may be."""
    question, once = QUESTIONS[kind], list(dict.fromkeys(blocks))
    judge = question.judge(engine.options)
    askings = [TextAsking(question, judge, block, allowed, settled) for block in once]
    await _ask_all(engine, askings)
    texts = {block: asking.text for block, asking in zip(once, askings, strict=True)}
    return [texts[block] for block in blocks]


def score_asking(engine: Engine, asked: PersonItems, settled: Settled) -> ItemsAsking[float]:
    """A score for each of a person's items."""
    question = scoring(engine.options)
    judge = question.judge(engine.options)
    return ItemsAsking(question, judge, asked, lambda: engine.items_per_request, settled)


def sentence_asking(engine: Engine, asked: PersonItems, settled: Settled) -> ItemsAsking[str]:
    """A sentence about each of a person's items."""
    judge = WHY.judge(engine.options)
    return ItemsAsking(WHY, judge, asked, lambda: engine.items_per_request, settled)


async def _ask_all(engine: Engine, askings: Sequence[Asking]) -> None:
    if engine.options.in_batches:
        await _ask_in_batches(engine, askings)
    else:
        await _all(_ask_live(engine, asking) for asking in askings)


async def _all(askings: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run side by side to the end of all; then raise what the first that failed raised."""
    for result in await asyncio.gather(*askings, return_exceptions=True):
        if result is not None:
            raise result


async def _ask_live(engine: Engine, asking: Asking) -> None:
    """One request after another, so that each finds the one before in the server's prefix cache.

    Different people and texts go side by side, as many as the limits allow. Whoever asks for the
    same thing at the same time waits, then finds the answers in the ledger.
    """
    await engine.claim(asking.claim)
    try:
        while requests := await asking.next(engine.ledger):
            for request in requests:
                await engine.ask(request, asking.take)
    finally:
        await engine.ledger.claims.give_back(asking.claim)


async def _ask_in_batches(engine: Engine, askings: Sequence[Asking]) -> None:
    """Rounds of batches until nothing is left to ask. Raises like `Engine.ask`."""
    names = sorted(
        {asking.claim for asking in askings}
    )  # in one order: two commands cannot deadlock
    held: list[str] = []
    try:
        for name in names:
            await engine.claim(name)
            held.append(name)
        batches = Batches(engine)
        await batches.finish_open(set(names))
        waiting = list(askings)
        while waiting:  # of askings with one claim, the second finds what the first was answered
            firsts: dict[str, Asking] = {}
            for asking in waiting:
                firsts.setdefault(asking.claim, asking)
            wave = list(firsts.values())
            waiting = [asking for asking in waiting if firsts[asking.claim] is not asking]
            while sent := [(r, a.take) for a in wave for r in await a.next(engine.ledger)]:
                await batches.ask(sent)
    finally:
        for name in held:
            await engine.ledger.claims.give_back(name)


def delimited(kind: Kind, block: str) -> str:
    """Untrusted lines inside the tag that the question's instructions name."""
    tag = QUESTIONS[kind].tag
    lines = [clean(line, LONGEST_LINE) for line in block.splitlines()]
    return "\n".join([f"<{tag}>", *lines, f"</{tag}>"])


def asker(
    home: Path, options: EngineOptions
) -> Callable[[Kind, Sequence[str]], list[str | None]] | None:
    """A function that puts short questions to the configured model; None where none is."""
    if not options.llm_model:
        return None

    def ask(kind: Kind, blocks: Sequence[str]) -> list[str | None]:
        session = session_for(home, options)
        shown = [delimited(kind, block) for block in blocks]
        words = QUESTIONS[kind].words
        with bar(f"asking {options.llm_model}: {kind}", total=len(set(shown))) as advance:
            settled = session.settling(advance)
            return session.run(lambda engine: ask_texts(engine, kind, shown, settled, words))

    return ask


def choose_label(
    home: Path, options: EngineOptions, typed: str, labels: Sequence[str]
) -> int | None:
    """The place of the label that a typed title means; None for none of them."""
    keys = [f"{number:02d}" for number in range(1, len(labels) + 1)]
    lines = [f"{key} = {label}" for key, label in zip(keys, labels, strict=True)]
    block = delimited(CHOOSE.kind, "\n".join([f"typed: {typed}", *lines]))
    session = session_for(home, options)
    [key] = session.run(
        lambda engine: ask_texts(engine, CHOOSE.kind, [block], lambda _n: None, [*keys, NONE])
    )
    return keys.index(key) if key in keys else None
