"""Where the tasks of a fan-out run: threads of the command, or processes of a Dask cluster."""

import re
from typing import Annotated

from pydantic import AfterValidator

THREADS, LOCAL = "threads", "dask"
_SCHEDULER = re.compile(r"dask://(?P<place>[^\s/?#@]+:(?P<port>\d{1,5}))/?")


def scheduler_of(runner: str) -> str | None:
    """The address host:port of a scheduler that runs already; None for the other runners."""
    match = _SCHEDULER.fullmatch(runner)
    return match["place"] if match else None


def _known(runner: str) -> str:
    match = _SCHEDULER.fullmatch(runner)
    if runner in {THREADS, LOCAL} or (match and 0 < int(match["port"]) < 65_536):
        return runner
    raise ValueError("must be threads, dask, or a scheduler's address such as dask://10.0.0.5:8786")


RunnerName = Annotated[str, AfterValidator(_known)]
