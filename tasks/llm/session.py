"""One process' conversation with the model: an event loop of its own, and all that lives in it.

Scoring runs in threads of Prefect's; what they ask goes to this one loop, so that every chunk
shares the limits, the budget and the ledger.

Several processes of one command share its limits: as many shares, each a part of the limits. Who
asks holds a share for as long as it asks, and a share is free again when its process ends, also by
kill -9. So the parts in use never sum to more than the limits, whoever comes, goes or is started.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from tasks.core.screen import Advance
from tasks.core.secrets import Secrets
from tasks.llm.budget import NANO, Budget, Totals
from tasks.llm.client import ChatClient
from tasks.llm.engine import Engine
from tasks.llm.ledger.ledger import open_ledger
from tasks.llm.open_sessions import opened
from tasks.llm.options import EngineOptions, Sharing
from tasks.llm.pacing import Clock, Pacer

LAST_ANSWERS_SECONDS = 10.0
"""How long an interrupted command waits for what is in flight, which will be charged anyway."""

LOOK_AGAIN_SECONDS = 0.2

T = TypeVar("T")


def share_count(options: EngineOptions) -> int:
    """Processes that may ask side by side; a request in flight cannot be parted."""
    return min(options.sharing.askers, options.llm_concurrency) if options.sharing else 1


def limits_of_a_share(options: EngineOptions) -> EngineOptions:
    """The limits of one share: what is sent and in flight; money and counts are not parted."""
    count = share_count(options)
    minute, tokens = options.llm_requests_per_minute, options.llm_tokens_per_minute
    part = {
        "llm_concurrency": options.llm_concurrency // count,
        "llm_requests_per_minute": minute and minute / count,
        "llm_tokens_per_minute": tokens and tokens / count,
    }
    return options.model_copy(update=part)


class LimitShare:
    """The share of an engine's process, taken by the first who asks, given back by the last."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._inside = engine, 0
        self._one_at_a_time = asyncio.Lock()
        self._claim = ""

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Wait for a share, and keep it. Raises what stops the engine."""
        if self._engine.options.sharing is None:
            yield
            return
        async with self._one_at_a_time:
            if not self._inside:
                self._claim = await self._take(self._engine.options.sharing)
            self._inside += 1
        try:
            yield
        finally:
            async with self._one_at_a_time:
                self._inside -= 1
                if not self._inside:
                    await self._engine.ledger.claims.give_back(self._claim)

    async def _take(self, sharing: Sharing) -> str:
        while True:
            self._engine.refuse_when_stopped()
            for number in range(share_count(self._engine.options)):
                claim = f"share {number} of {sharing.run}"
                if await self._engine.ledger.claims.take(claim):
                    return claim
            await self._engine.nap(LOOK_AGAIN_SECONDS)


class Session:
    """An engine in a loop of its own thread."""

    def __init__(self, home: Path, options: EngineOptions, budget: Budget) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[asyncio.Task[object]] = set()
        threading.Thread(target=self._loop.run_forever, name="language-model", daemon=True).start()
        try:
            self.engine = self._wait(_make_engine(home, options, budget))
            self._share = LimitShare(self.engine)
        except BaseException:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise

    def run(self, work: Callable[[Engine], Coroutine[Any, Any, T]]) -> T:
        """Run in the loop and wait for the result. Raises what stopped the engine, if it ended."""
        try:
            return self._wait(self._tracked(work(self.engine)))
        except CancelledError:
            self.engine.refuse_when_stopped()
            raise

    def settling(self, advance: Advance) -> Callable[[int], None]:
        """Moves a bar on with the live totals of this process beside it."""
        return lambda count: advance(count, self._in_words(self.engine.budget.totals))

    def summary(self) -> str:
        """What was used so far, and whether the asking waits, in a few words."""
        return self._in_words(self.totals)

    def _in_words(self, used: Totals) -> str:
        price = self.engine.budget.price
        words = f"{used.sends:,} requests, {used.prompt + used.answer:,} tokens"
        if used.prompt:
            words += f" ({used.cached / used.prompt:.0%} of prompts cached)"
        if price is not None:
            words += f", ${used.nano_dollars / NANO:.2f}"
        pause = self.engine.pacer.paused_for
        return f"{words}, waiting {pause:.0f} s" if pause > 1 else words

    @property
    def totals(self) -> Totals:
        """What the command used so far, in all its processes."""
        return self._wait(self.engine.shared_budget.totals())

    def stop(self) -> None:
        """Ask nothing more."""
        self._loop.call_soon_threadsafe(self.engine.stop)

    def close(self) -> None:
        """Stop asking, keep what still arrives, disconnect."""
        self.stop()
        try:
            self._wait(self._end())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)

    async def _tracked(self, work: Coroutine[Any, Any, T]) -> T:
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._running.add(task)
        try:
            async with self._share.held():
                return await work
        finally:
            self._running.discard(task)
            work.close()  # where there was no share for it

    async def _end(self) -> None:
        waited = 0.0
        while self.engine.pacer.in_flight and waited < LAST_ANSWERS_SECONDS:
            await asyncio.sleep(0.05)
            waited += 0.05
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running)
        await self.engine.client.close()
        await self.engine.ledger.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _make_engine(home: Path, options: EngineOptions, budget: Budget) -> Engine:
    secrets, clock = Secrets(), Clock()
    client = ChatClient(options, secrets)
    ledger = await open_ledger(home, secrets)
    seed = int(ledger.owner, 16)  # processes that share a server must not wait in step
    pacer = Pacer(limits_of_a_share(options), clock, seed)
    engine = Engine(options, ledger, client, pacer, budget, clock, seed)
    await engine.shared_budget.open()
    return engine


def session_for(home: Path, options: EngineOptions) -> Session:
    """The session of this process for a home and options, opened when first asked for."""
    return opened(home, options, Session)
