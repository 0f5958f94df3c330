"""The best of a few: what else the machine did weighs least on it."""

import time
from collections.abc import Callable
from typing import TypeVar

Made = TypeVar("Made")


def best_of(times: int, work: Callable[[], Made]) -> tuple[float, Made]:
    """Seconds of the fastest of so many calls, and what the last one gave."""
    seconds, made = [], None
    for _ in range(times):
        started = time.perf_counter()
        made = work()
        seconds.append(time.perf_counter() - started)
    return min(seconds), made  # type: ignore[return-value]
