"""The best of a few: what else the machine did weighs least on it."""

import time
from collections.abc import Callable
from operator import itemgetter
from typing import TypeVar

Made = TypeVar("Made")
Other = TypeVar("Other")


def best_of(times: int, work: Callable[[], Made]) -> tuple[float, Made]:
    """Seconds of the fastest of so many calls, and what the last one gave."""
    seconds, made = [], None
    for _ in range(times):
        started = time.perf_counter()
        made = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), made  # type: ignore[return-value]


def in_turn(
    times: int, ours: Callable[[], Made], theirs: Callable[[], Other]
) -> tuple[tuple[float, Made], tuple[float, Other]]:
    """The same of both, one after the other each time: a machine is not always equally busy."""
    pairs = [(best_of(1, ours), best_of(1, theirs)) for _ in range(times)]
    mine, other = zip(*pairs, strict=True)
    return min(mine, key=itemgetter(0)), min(other, key=itemgetter(0))
