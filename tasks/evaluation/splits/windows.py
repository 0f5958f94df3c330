"""Windows of time that end where the past does: what a night learns on, and is measured on."""

import polars as pl

from tasks.core.vocabulary import TIMESTAMP, USER, Record

DAY = 86_400
LONGEST_DAYS = 30
WINDOWS_IN_ALL = 32
"""A window is a month, or this part of the time of all ratings where that is shorter."""


class Window(Record):
    """The ratings of `days` days before the moment `end` (seconds since 1970)."""

    end: int
    days: int

    @property
    def start(self) -> int:
        """The first moment that is part of it."""
        return self.end - self.days * DAY

    def earlier(self, steps: int) -> "Window":
        """The window of the same length that ends so many lengths before this one does."""
        return Window(end=self.end - steps * self.days * DAY, days=self.days)


def window_of(ratings: pl.DataFrame, end: int | None = None, days: int | None = None) -> Window:
    """The newest window of ratings that all have timestamps.

    `end`: just after the newest rating unless given; `days`: 30, or 1/32 of the time between the
    oldest and the newest rating if that is less, unless given.
    """
    oldest, newest = ratings.select(
        pl.col(TIMESTAMP).min(), pl.col(TIMESTAMP).max().alias("new")
    ).row(0)
    usual = min(LONGEST_DAYS, (newest - oldest) // (WINDOWS_IN_ALL * DAY))
    return Window(end=newest + 1 if end is None else end, days=days or max(1, usual))


def people_in(ratings: pl.DataFrame, window: Window) -> int:
    """How many people rated something in the window, and something before it."""
    time = pl.col(TIMESTAMP)
    inside = ratings.filter((time >= window.start) & (time < window.end))[USER].unique()
    before = ratings.filter(time < window.start)[USER].unique()
    return int(inside.is_in(before.implode()).sum())


def newest_windows(
    ratings: pl.DataFrame, newest: Window, count: int, fewest: int
) -> tuple[Window, ...]:
    """Up to `count` windows in which `fewest` people or more could be tested, the newest first.

    Where ratings have coarse times (a month, say) a window may lie between two of them: up to
    twice as many are looked at.
    """
    looked_at = (newest.earlier(steps) for steps in range(2 * count))
    return tuple(w for w in looked_at if people_in(ratings, w) >= fewest)[:count]


NEWEST_PART = 0.25
PARTS = 16, 3, 1
"""By which the time of the newest quarter is divided: short windows show what is liked now, long
ones have the hits."""
ENOUGH_PEOPLE = 20


def shrinking_windows(ratings: pl.DataFrame) -> tuple[Window, ...]:
    """Windows that all end with the newest rating, in which enough people could be tested.

    The longest holds the newest quarter of the ratings; the others are a third and a sixteenth as
    long. The shortest comes first.
    """
    times = ratings.select(
        pl.col(TIMESTAMP).max().alias("newest"),
        pl.col(TIMESTAMP).quantile(1 - NEWEST_PART, "higher").alias("from"),
    )
    newest, start = times.row(0)
    days = [(newest + 1 - int(start)) // (part * DAY) for part in PARTS]
    windows = [Window(end=newest + 1, days=long) for long in sorted(set(days)) if long]
    return tuple(window for window in windows if people_in(ratings, window) >= ENOUGH_PEOPLE)
