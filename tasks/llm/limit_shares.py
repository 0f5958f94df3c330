"""Limits that several processes of one command share: as many shares, each a part of the limits.

Who asks holds a share for as long as it asks, and a share is free again when its process ends, also
by kill -9. So the parts in use never sum to more than the limits, whoever comes, goes or is started
anew.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.llm.engine import Engine
from tasks.llm.options import EngineOptions, Sharing

LOOK_AGAIN_SECONDS = 0.2


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
