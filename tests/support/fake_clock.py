"""A clock whose waiting takes no time, for everything that takes a `tasks.llm.pacing.Clock`."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tasks.llm.pacing import Clock

T = TypeVar("T")

A_MOMENT = 1e-6
"""What passes in any case, as in real time: aiolimiter may wake up a rounding error too early."""


class FakeClock(Clock):
    """`sleep` advances `now` at once and yields to the loop once.

    Sleepers do not wait for one another: whoever sleeps moves the time for everybody. `slept`
    holds every wait that was asked for, in order; `advance` lets time pass from outside.
    """

    def __init__(self, now: float = 1_000.0) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(max(seconds, 0.0))
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self._now += seconds


class SimulatedLoop(asyncio.SelectorEventLoop):
    """A loop in which waiting takes no time: what it would wait for next happens at once.

    For code that waits by the loop's own timers (aiolimiter); only without input and output.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed = 0.0
        select = self._selector.select  # type: ignore[attr-defined]

        def at_once(timeout: float | None = None) -> Any:
            assert timeout is not None, "waits for something that never comes"
            self._passed += max(timeout, A_MOMENT)
            return select(0)

        self._selector.select = at_once  # type: ignore[attr-defined]

    def time(self) -> float:
        return 1_000.0 + self._passed


class LoopClock(Clock):
    """The running loop's time as a `Clock`."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run_simulated(work: Coroutine[Any, Any, T]) -> T:
    """Run in a loop of simulated time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(work)
