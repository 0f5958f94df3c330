"""A whole engine over a ledger in a temporary folder, and what a test wants to know of a run."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.core.errors import PalateError
from tasks.core.secrets import Secrets
from tasks.llm.asking import ask_scores, ask_texts
from tasks.llm.budget import Budget, Totals
from tasks.llm.client import ChatClient
from tasks.llm.engine import Engine
from tasks.llm.item_asking import PersonItems
from tasks.llm.ledger.database import FILE
from tasks.llm.ledger.ledger import open_ledger
from tasks.llm.options import EngineOptions
from tasks.llm.pacing import Clock, Pacer
from tasks.llm.requests import ChatRequest
from tasks.llm.requests import Reply as ModelReply
from tests.support.fake_llm.answers import score_of
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.faults import Fault
from tests.support.fake_llm.handle import FakeLLM

MODEL = "fake-1"
KEY = "sk-a-key-for-tests-only"
LONGEST_SECONDS = 20.0
"""No asking in these tests takes longer, unless something waits that should not."""


class FastClock(Clock):
    """Real time, so many times faster."""

    def __init__(self, times: float) -> None:
        self._times = times

    def now(self) -> float:
        return time.monotonic() * self._times

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._times)


class Watched:
    """A running fake server, seen from one test: healthy at first, without earlier calls."""

    def __init__(self, server: FakeLLM) -> None:
        server.script()
        self.server, self.url = server, server.url
        self._earlier = len(server.calls())

    def script(self, *faults: Fault) -> None:
        self.server.script(*faults)

    def calls(self) -> list[Call]:
        return self.server.calls()[self._earlier :]

    def asked(self) -> list[list[str]]:
        """The items of every request so far, sorted."""
        return [sorted(call.items.values()) for call in self.calls()]


@dataclass
class Run:
    """What came of asking."""

    answers: list[Any] = field(default_factory=list)
    error: PalateError | None = None
    totals: Totals = field(default_factory=Totals)
    settled: list[int] = field(default_factory=list)
    sent_at: list[float] = field(default_factory=list)
    """The clock's time at each send."""
    naps: list[float] = field(default_factory=list)
    """Seconds of each wait before another try."""
    pauses: list[float] = field(default_factory=list)
    """Seconds that the whole job was asked to wait, by each failure that slows it down."""
    windows: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def scores(self) -> list[list[float | None]]:
        assert self.error is None, self.error
        return self.answers

    @property
    def texts(self) -> list[str | None]:
        assert self.error is None, self.error
        return self.answers


def person(name: str, lines: Sequence[str]) -> PersonItems:
    return PersonItems(f"<person>\nIn their words: {name}\n</person>", lines)


def chat_request(
    user: str = "Heat", *, system: str = "Judge.", answer_tokens: int = 10, pairs: int = 0
) -> ChatRequest:
    """A request that belongs to nothing."""
    return ChatRequest(
        kind="score",
        judge="judge",
        pairs=pairs,
        context={},
        system=system,
        user=user,
        schema={"type": "object"},
        answer_tokens=answer_tokens,
    )


def films(count: int, name: str = "Film") -> list[str]:
    return [f"{name} {number} (1990). Drama." for number in range(count)]


def people(count: int, items: int = 3) -> list[PersonItems]:
    """So many people, each with items of their own."""
    return [person(f"taste {n}", films(items, f"Film {n}-")) for n in range(count)]


def right(asked: Sequence[PersonItems]) -> list[list[float]]:
    """What a healthy model gives them."""
    return [[score_of(line) for line in one.lines] for one in asked]


def options(url: str, **more: Any) -> EngineOptions:
    return EngineOptions.model_validate({"llm_base_url": url, "llm_model": MODEL} | more)


@asynccontextmanager
async def engine_on(
    home: Path, url: str, clock: Clock | None = None, key: str | None = KEY, **more: Any
) -> AsyncIterator[Engine]:
    """An engine that keeps its ledger in `home`; its own last wish is to close everything."""
    chosen, time_ = options(url, **more), clock or Clock()
    secrets = Secrets.model_validate({"openai_api_key": key, "palate_ledger_url": None})
    ledger = await open_ledger(home, secrets)
    client = ChatClient(chosen, secrets)
    try:
        yield Engine(chosen, ledger, client, Pacer(chosen, time_), Budget(chosen), time_)
    finally:
        await client.close()
        await ledger.close()


Asking = Callable[[Engine, Callable[[int], None]], Awaitable[list[Any]]]


def run(
    home: Path,
    url: str,
    asking: Asking,
    clock: Clock | None = None,
    during: Callable[[Engine], Coroutine[Any, Any, None]] | None = None,
    **more: Any,
) -> Run:
    """Ask with an engine of its own, and tell what came of it; `during` runs beside it."""
    done = Run()

    async def whole() -> None:
        async with engine_on(home, url, clock, **more) as engine:
            _watch(engine, done)
            beside = asyncio.create_task(during(engine)) if during else None
            began = time.monotonic()
            try:
                async with asyncio.timeout(LONGEST_SECONDS):
                    done.answers = await asking(engine, done.settled.append)
            except PalateError as error:
                done.error = error
            done.seconds = time.monotonic() - began
            done.totals = engine.budget.totals
            if beside:
                await beside

    asyncio.run(whole())
    return done


def score(home: Path, url: str, asked: Sequence[PersonItems], **more: Any) -> Run:
    return run(home, url, lambda engine, told: ask_scores(engine, asked, told), **more)


def write(
    home: Path, url: str, blocks: Sequence[str], allowed: Sequence[str] | None = None, **more: Any
) -> Run:
    def asking(engine: Engine, told: Callable[[int], None]) -> Awaitable[list[Any]]:
        return ask_texts(engine, "profile", blocks, told, allowed)

    return run(home, url, asking, **more)


def _watch(engine: Engine, done: Run) -> None:
    send, nap, crowded = engine.client.send, engine.nap, engine.pacer.crowded

    async def sending(request: ChatRequest) -> ModelReply:
        done.sent_at.append(engine.clock.now())
        return await send(request)

    async def napping(seconds: float) -> None:
        done.naps.append(seconds)
        await nap(seconds)

    def crowding(sent_at: float, retry_after: float | None) -> None:
        crowded(sent_at, retry_after)
        done.pauses.append(engine.pacer.paused_for)
        done.windows.append(engine.pacer.window)

    engine.client.send = sending  # type: ignore[method-assign]
    engine.nap = napping  # type: ignore[method-assign]
    engine.pacer.crowded = crowding  # type: ignore[method-assign]


def rows(home: Path, table: str = "requests") -> list[dict[str, Any]]:
    """A table of the ledger, in the order of its rows."""
    with closing(sqlite3.connect(home / FILE)) as known:
        known.row_factory = sqlite3.Row
        return [dict(row) for row in known.execute(f"SELECT * FROM {table} ORDER BY rowid")]


def outcomes(home: Path) -> list[str | None]:
    return [row["outcome"] for row in rows(home)]


def most_at_once(calls: Sequence[Call]) -> int:
    """How many requests the server had in hand at once, at most; all must be answered."""
    ends = [(call.answered_at or 0.0, -1) for call in calls]
    at = most = 0
    for _, change in sorted([*((call.at, 1) for call in calls), *ends]):
        at += change
        most = max(most, at)
    return most


def closed_port() -> str:
    """The address of a server that is not there."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}/v1"


def far_away(engine: Engine, seconds: float) -> None:
    """Every request takes so long to reach the server, after it was written."""

    async def travel(_request: object) -> None:
        await asyncio.sleep(seconds)

    engine.client.openai._client.event_hooks["request"].append(travel)
