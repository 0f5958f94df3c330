"""The server's own rate limit: a token bucket."""

import math
import time


class Bucket:
    """Holds `rate` tokens when full and gains as many per second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._most = max(rate, 1.0)  # below 1 a second, it still has to hold the one
        self._level = self._most
        self._at = time.monotonic()

    def refused_for(self) -> int:
        """Take a token: 0, or the seconds to wait until there is one again."""
        now = time.monotonic()
        self._level = min(self._most, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return math.ceil((1 - self._level) / self._rate)
        self._level -= 1
        return 0
