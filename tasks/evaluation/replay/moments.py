"""The moments at which past nights are replayed: from the data set's own timestamps."""

from datetime import UTC, datetime

import polars as pl

from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import TIMESTAMP, Record
from tasks.evaluation.splits.times import check_times
from tasks.evaluation.splits.windows import DAY, Window, window_of


class Moments(Record):
    """When each night starts (seconds since 1970), how many days apart, and for how many days."""

    starts: tuple[int, ...]
    every: int
    horizon: int

    def window(self, number: int) -> Window:
        """The days that a night's lists are judged on."""
        return Window(end=self.starts[number] + self.horizon * DAY, days=self.horizon)


def moments_of(
    ratings: pl.DataFrame, start: int | None, every: int | None, nights: int, horizon: int | None
) -> Moments:
    """`nights` moments, `every` days apart; by default the last horizon ends with the data.

    `horizon`: 30 days, or 1/32 of the time of all ratings if that is less, unless given; `every`
    the same unless given. Raises TooLittleDataError where ratings do not say which came first,
    nothing was rated before the first night, or nothing after the last one began.
    """
    check_times(ratings)
    newest = window_of(ratings, days=horizon)
    apart = every or newest.days
    first = newest.start - (nights - 1) * apart * DAY if start is None else start
    starts = tuple(first + number * apart * DAY for number in range(nights))
    oldest, last = ratings.select(
        pl.col(TIMESTAMP).min(), pl.col(TIMESTAMP).max().alias("last")
    ).row(0)
    if oldest >= first:
        raise TooLittleDataError(
            f"The first night would be on {day(first)}, and nothing was rated before it: the"
            f" ratings go from {day(oldest)} to {day(last)}.",
            "Choose a later --from, fewer --nights, or a shorter --every.",
        )
    if last < starts[-1]:
        raise TooLittleDataError(
            f"Night {nights} would be on {day(starts[-1])}, and nothing was rated after it: the"
            f" newest rating is from {day(last)}.",
            "Choose an earlier --from, fewer --nights, or a shorter --every.",
        )
    return Moments(starts=starts, every=apart, horizon=newest.days)


def day(moment: int) -> str:
    """As in 2020-10-01; with the time of day where that is not midnight, UTC."""
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when:%Y-%m-%d}" if moment % DAY == 0 else f"{when:%Y-%m-%d %H:%M}"
