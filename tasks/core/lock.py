"""Commands that work in a home share a lock; who removes files from it holds the lock alone.

The system releases a lock with the process that held it, however that ended.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tasks.core.errors import PalateError

FILE = "in-use.lock"


class HomeInUseError(PalateError):
    """A command is at work in the home folder."""


@contextmanager
def in_use(home: Path) -> Iterator[None]:
    """Work in a home, beside others; waits while files are being removed."""
    with _opened(home) as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Have a home to oneself. Raises HomeInUseError at once if somebody works in it."""
    with _opened(home) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUseError(
                f"{home}: a command is at work there, so nothing was removed.",
                "Run it again when that has ended.",
            ) from None
        yield


@contextmanager
def _opened(home: Path) -> Iterator[IO[bytes]]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / FILE).open("ab") as file:
        yield file
