"""How fast to ask: limits for the whole process, and slowing down together when it is too much."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from aiolimiter import AsyncLimiter

from tasks.llm.options import LlmOptions

BURST_SECONDS = 0.2
"""How much of a limit may be used at once: little, so that no server sees a second's worth twice,
and more than one, so that late wake-ups are caught up on."""

TOKENS_AT_ONCE = 500.0

DECREASE = 0.5
"""Multiplicative decrease of the window on a 429; one request more per window answered (TCP Reno:
Chiu and Jain 1989 show that this pair converges to a fair share)."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
LOOK_UP_SECONDS = 1.0
"""How often a long wait looks whether it is still wanted."""


class Clock:
    """The machine's own monotonic time; a test gives another, to wait for minutes in no time."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        await asyncio.sleep(seconds)


class Pacer:
    """Requests and tokens per minute, and a window of requests in flight that follows the server.

    For one event loop. Every chunk of a process shares it.
    """

    def __init__(self, options: LlmOptions, clock: Clock, seed: int = 0) -> None:
        self._clock = clock
        self._most = float(options.llm_concurrency)
        self.window = self._most
        self.in_flight = 0
        self.slowdowns = 0
        self._freed = asyncio.Condition()
        self._in_turn = asyncio.Lock()
        self._open_at = self._shrunk_at = float("-inf")
        self._in_a_row = 0
        self._closed = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._random = random.Random(seed)  # noqa: S311 - jitter
        self._requests = _limiter(options.llm_requests_per_minute, at_least=1.0)
        self._tokens = _limiter(options.llm_tokens_per_minute, at_least=TOKENS_AT_ONCE)

    @asynccontextmanager
    async def slot(self, tokens: int) -> AsyncIterator[float]:
        """Wait for leave to send a request of so many tokens, and hold it while it is in flight.

        Gives the time when it may be sent.
        """
        async with self._freed:
            await self._freed.wait_for(self._has_room)
            self.in_flight += 1
        try:
            await self._pause()
            if self._tokens:
                async with self._in_turn:  # a large request is not overtaken piece by piece
                    await self._acquire(self._tokens, tokens)
            if self._requests:
                await self._acquire(self._requests, 1.0)
            await self._pause()
            yield self._clock.now()
        finally:
            async with self._freed:
                self.in_flight -= 1
                if self._closed:
                    self._freed.notify_all()
                else:
                    self._freed.notify(max(1, int(self.window) - self.in_flight))

    def answered(self) -> None:
        """Additive increase: after a window's worth of answers it is one request wider."""
        self._in_a_row = 0
        self.window = min(self._most, self.window + 1.0 / max(1.0, self.window))

    def crowded(self, sent_at: float, retry_after: float | None) -> None:
        """Multiplicative decrease, once for all requests in flight together, and a pause for all.

        The pause is as long as the server says, else full jitter.
        """
        now = self._clock.now()
        if sent_at >= self._shrunk_at:
            self._shrunk_at = now
            self.slowdowns += 1
            self._in_a_row += 1
            self.window = max(1.0, self.window * DECREASE)
        wait = retry_after
        if wait is None:
            wait = self._random.uniform(0, backoff_ceiling(self._in_a_row))
        self._open_at = max(self._open_at, now + wait)

    def close(self) -> None:
        """End all waiting: nothing more will be sent."""
        self._closed = True
        for task in self._waiting:
            task.cancel()

    def _has_room(self) -> bool:
        return self._closed or self.in_flight < max(1, int(self.window))

    async def _acquire(self, limiter: AsyncLimiter, amount: float) -> None:
        """More than fits at once is taken in pieces."""
        while amount > 0 and not self._closed:
            piece = min(amount, limiter.max_rate)
            if limiter.has_capacity(piece):
                await limiter.acquire(piece)
            else:
                await self._unless_closed(limiter.acquire(piece))
            amount -= piece

    async def _unless_closed(self, waiting: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(waiting)
        self._waiting.add(task)
        try:
            await task
        except asyncio.CancelledError:
            if not self._closed:
                task.cancel()
                raise
        finally:
            self._waiting.discard(task)

    async def _pause(self) -> None:
        while (rest := self.paused_for) > 0:
            await self._clock.sleep(min(rest, LOOK_UP_SECONDS))

    @property
    def paused_for(self) -> float:
        """Seconds until the next request may be sent."""
        return 0.0 if self._closed else max(0.0, self._open_at - self._clock.now())


def backoff_ceiling(failures: int) -> float:
    """Longest wait after so many failures in a row: 0.5 s, doubled each time, at most 30 s."""
    return float(min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(max(0, failures - 1), 10)))


def _limiter(per_minute: float | None, at_least: float) -> AsyncLimiter | None:
    if per_minute is None:
        return None
    at_once = max(at_least, per_minute * BURST_SECONDS / 60.0)
    return AsyncLimiter(at_once, 60.0 * at_once / per_minute)
