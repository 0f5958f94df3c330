"""The sessions that are open in this process: how a command ends them, and whom they share with.

Every command goes through here, most without asking anything: so this loads nothing that asks.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar, cast

from tasks.core.errors import PalateError
from tasks.core.progress import say
from tasks.llm.budget import Budget
from tasks.llm.options import VARIANTS, EngineOptions, Sharing

S = TypeVar("S")
Key = tuple[Path, EngineOptions]

_open: dict[Key, Any] = {}
"""Sessions, whose class is not imported here."""
_budgets: dict[Key, Budget] = {}
_opening = threading.Lock()
_sharing: Sharing | None = None


def opened(
    home: Path, options: EngineOptions, make: Callable[[Path, EngineOptions, Budget], S]
) -> S:
    """The session of this process for a home and options, made when first asked for."""
    options = shared_here(options)
    key = (home.resolve(), options)
    with _opening:
        if key not in _open:
            _open[key] = make(home, options, _budget_for(home.resolve(), options))
        return cast(S, _open[key])


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


@contextmanager
def sharing_here(sharing: Sharing) -> Iterator[None]:
    """Whatever this process asks inside counts against limits that it shares."""
    global _sharing  # noqa: PLW0603 - one process, one command
    before, _sharing = _sharing, sharing
    try:
        yield
    finally:
        _sharing = before


def shared_here(options: EngineOptions) -> EngineOptions:
    """The same options, with whom this process shares its limits where they do not say it."""
    if options.sharing or _sharing is None:
        return options
    return options.model_copy(update={"sharing": _sharing})
