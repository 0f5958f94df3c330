"""One process' conversation with the model: an event loop of its own, and all that lives in it.

Scoring runs in threads of Prefect's; what they ask goes to this one loop, so that every chunk
shares the limits, the budget and the ledger. Where a command has several processes, each asks on
a seat, which stands for its part of the limits (`sharing`).
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tasks.core.errors import PalateError
from tasks.core.progress import say
from tasks.core.screen import Advance
from tasks.core.secrets import Secrets
from tasks.llm.budget import Budget, Totals
from tasks.llm.clock import RealClock
from tasks.llm.options import VARIANTS, EngineOptions, Sharing
from tasks.llm.pacing import Pacer
from tasks.llm.prices import NANO
from tasks.llm.sharing import Seats, share_of, shared_here

if TYPE_CHECKING:
    from tasks.llm.engine import Engine

LAST_ANSWERS_SECONDS = 10.0
"""How long an interrupted command waits for what is in flight, which will be charged anyway."""

T = TypeVar("T")

_open: dict[tuple[Path, EngineOptions], "Session"] = {}
_budgets: dict[tuple[Path, EngineOptions], Budget] = {}
_opening = threading.Lock()


class Session:
    """An engine in a loop of its own thread."""

    def __init__(self, home: Path, options: EngineOptions, budget: Budget) -> None:
        self._loop = asyncio.new_event_loop()
        self._running: set[asyncio.Task[object]] = set()
        threading.Thread(target=self._loop.run_forever, name="language-model", daemon=True).start()
        try:
            self.engine = self._wait(_make_engine(home, options, budget))
            self._seats = Seats(self.engine)
        except BaseException:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise

    def run(self, work: Callable[["Engine"], Coroutine[Any, Any, T]]) -> T:
        """Run in the loop and wait for the result. Raises what stopped the engine, if it ended."""
        try:
            return self._wait(self._tracked(work(self.engine)))
        except CancelledError:
            self.engine.refuse_when_stopped()
            raise

    def telling(self, advance: Advance) -> Callable[[int], None]:
        """Move a bar on with the live totals of this process beside it."""
        return lambda count: advance(count, self._said(self.engine.budget.totals))

    def summary(self) -> str:
        """What was used so far, and whether the asking waits, in a few words."""
        return self._said(self.totals)

    def _said(self, used: Totals) -> str:
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
        return self._wait(self.engine.purse.totals())

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
            async with self._seats.seated():
                return await work
        finally:
            self._running.discard(task)
            work.close()  # where there was no seat for it

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


async def _make_engine(home: Path, options: EngineOptions, budget: Budget) -> "Engine":
    from tasks.llm.client import ChatClient  # noqa: PLC0415 - openai takes a second to load
    from tasks.llm.engine import Engine  # noqa: PLC0415
    from tasks.llm.ledger.ledger import open_ledger  # noqa: PLC0415 - so does SQLAlchemy

    secrets, clock = Secrets(), RealClock()
    client = ChatClient(options, secrets)
    ledger = await open_ledger(home, secrets)
    seed = int(ledger.owner, 16)  # processes that share a server must not wait in step
    spending = await ledger.spending(options.sharing.run) if options.sharing else None
    pacer = Pacer(share_of(options), clock, seed)
    return Engine(options, ledger, client, pacer, budget, clock, seed, spending)


def session_for(home: Path, options: EngineOptions) -> Session:
    """The session of this process for a home and options, opened when first asked for."""
    options = shared_here(options)
    key = (home.resolve(), options)
    with _opening:
        if key not in _open:
            _open[key] = Session(home, options, _budget_for(home.resolve(), options))
        return _open[key]


def _budget_for(home: Path, options: EngineOptions) -> Budget:
    """One budget per command: its limits hold whatever variants its cells ask."""
    plain = {name: EngineOptions.model_fields[name].default for name in VARIANTS}
    key = (home, options.model_copy(update=plain))
    if key not in _budgets:
        _budgets[key] = Budget(options)
    return _budgets[key]


@contextmanager
def asking() -> Iterator[None]:
    """Whatever a command asks, it asks inside: Ctrl-C stops the asking, and the end closes it."""
    before = signal.getsignal(signal.SIGINT)

    def interrupted(number: int, frame: FrameType | None) -> None:
        for session in list(_open.values()):
            session.stop()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        close_sessions()


def close_sessions(sharing: Sharing | None = None) -> None:
    """End every session, or those of one command; what is in flight is waited for, and kept."""
    with _opening:
        ended = [key for key in _open if sharing in (None, key[1].sharing)]
        sessions = [_open.pop(key) for key in ended]
        for key in [key for key in _budgets if sharing in (None, key[1].sharing)]:
            del _budgets[key]
    for session in sessions:
        try:
            session.close()
        except PalateError as error:
            say(f"    {error.what}")
