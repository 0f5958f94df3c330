"""Whether ratings say which of them came first, for whatever must know."""

from datetime import UTC, datetime

import polars as pl

from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import TIMESTAMP

Problem = tuple[str, str]
"""What is wrong, and what to do about it."""


def check_times(ratings: pl.DataFrame) -> None:
    """Raise TooLittleDataError where nobody can say which ratings came before others."""
    problem = problem_of_times(ratings)
    if problem:
        raise TooLittleDataError(*problem)


def problem_of_times(ratings: pl.DataFrame) -> Problem | None:
    """Why nobody can say which ratings came before others; None where one can."""
    times = ratings[TIMESTAMP]
    missing = times.null_count()
    if missing == len(times):
        return (
            "The data set has no timestamps, so nobody can say which ratings came first.",
            "Add them to the ratings file, or ask for nothing that needs them: the protocols loo,"
            " split and user-split do not.",
        )
    if missing:
        return (
            f"{missing:,} of the data set's {len(times):,} ratings have no timestamp, so nobody can"
            " say which ratings came first.",
            "Add these to the ratings file, or delete their rows.",
        )
    if times.n_unique() == 1:
        return (
            f"All {len(times):,} ratings of the data set have the same time, {_moment(times[0])},"
            " so nobody can say which came first.",
            "Check that the ratings file has the time of each rating, not that of the export, or"
            " ask for nothing that needs it: the protocols loo, split and user-split do not.",
        )
    return None


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
