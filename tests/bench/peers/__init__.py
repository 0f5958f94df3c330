"""Other libraries at a step that they share with us. To add one: a file with `compare(given)`.

It is timed as we are: same inputs in memory, one process and one thread each, the best of a few,
in turn where one process can do both.
Then name it in PEERS of `__main__.py`. A library outside our lock runs in a throw-away environment:
give `foreign.run` a script that imports nothing of ours and reads and writes Parquet.
"""

from dataclasses import dataclass
from typing import Any

TIMES = 3


@dataclass(frozen=True)
class Compared:
    """Seconds of a step, ours and theirs, for `users`; `agree` says how alike the results are."""

    step: str
    peer: str
    version: str
    ours: float
    theirs: float
    users: int
    agree: str

    def told(self) -> dict[str, Any]:
        """As it is kept."""
        ratio = round(self.theirs / self.ours, 2)
        seconds = {"ours": round(self.ours, 5), "theirs": round(self.theirs, 5)}
        return vars(self) | seconds | {"ratio": ratio}
