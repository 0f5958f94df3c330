"""Limits that several processes of one command share: as many seats, each a part of the limits.

Who asks sits on a seat for as long as it asks, and a seat ends with its process, also by kill -9.
So the parts in use never sum to more than the limits, whoever comes, goes or is started anew.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from tasks.llm.options import EngineOptions, Sharing

if TYPE_CHECKING:
    from tasks.llm.engine import Engine

LOOK_AGAIN_SECONDS = 0.2

_here: Sharing | None = None


@contextmanager
def sharing_here(sharing: Sharing) -> Iterator[None]:
    """Whatever this process asks inside counts against limits that it shares."""
    global _here  # noqa: PLW0603 - one process, one command
    before, _here = _here, sharing
    try:
        yield
    finally:
        _here = before


def shared_here(options: EngineOptions) -> EngineOptions:
    """The same options, with whom this process shares its limits where they do not say it."""
    if options.sharing or _here is None:
        return options
    return options.model_copy(update={"sharing": _here})


def seats_of(options: EngineOptions) -> int:
    """Processes that may ask side by side; a request in flight cannot be parted."""
    return min(options.sharing.askers, options.llm_concurrency) if options.sharing else 1


def share_of(options: EngineOptions) -> EngineOptions:
    """The limits of one seat: what is sent and in flight; money and counts are not parted."""
    seats, minute, tokens = (
        seats_of(options),
        options.llm_requests_per_minute,
        options.llm_tokens_per_minute,
    )
    part = {
        "llm_concurrency": options.llm_concurrency // seats,
        "llm_requests_per_minute": minute and minute / seats,
        "llm_tokens_per_minute": tokens and tokens / seats,
    }
    return options.model_copy(update=part)


class Seats:
    """The seat of an engine's process, taken by the first who asks, given back by the last."""

    def __init__(self, engine: "Engine") -> None:
        self._engine, self._inside = engine, 0
        self._one_at_a_time = asyncio.Lock()
        self._seat = ""

    @asynccontextmanager
    async def seated(self) -> AsyncIterator[None]:
        """Wait for a seat, and keep it. Raises what stops the engine."""
        if self._engine.options.sharing is None:
            yield
            return
        async with self._one_at_a_time:
            if not self._inside:
                self._seat = await self._take(self._engine.options.sharing)
            self._inside += 1
        try:
            yield
        finally:
            async with self._one_at_a_time:
                self._inside -= 1
                if not self._inside:
                    await self._engine.ledger.claims.give_back(self._seat)

    async def _take(self, sharing: Sharing) -> str:
        while True:
            self._engine.refuse_when_stopped()
            for number in range(seats_of(self._engine.options)):
                seat = f"seat {number} of {sharing.run}"
                if await self._engine.ledger.claims.take(seat):
                    return seat
            await self._engine.nap(LOOK_AGAIN_SECONDS)
