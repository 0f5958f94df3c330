"""Time as the engine sees it, so that a test can wait for minutes in no time."""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that pass, and waiting for them."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        ...


class RealClock:
    """The machine's own monotonic time."""

    def now(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let that much time pass."""
        await asyncio.sleep(seconds)
