"""Times of ratings: seconds since 1970, or a finer unit, which the size of the numbers tells."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from tasks.core.vocabulary import TIMESTAMP
from tasks.data.columns import Check, Column, number_column
from tasks.data.dropped import Dropped, Rows
from tasks.data.tables import ROW, Table

UNITS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
STEP = 1000
"""Of each unit in the one before it."""

FINER_FROM = 10**11
"""Seconds to here reach the year 5138; as milliseconds it is 1973-03-03, as finer units likewise.

So every number is a plausible time in one unit at most.
"""

PATTERNS = (
    "%Y-%m-%dT%H:%M:%S%.f%z",
    "%Y-%m-%d %H:%M:%S%.f%z",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)
"""How dates may be written."""

SECONDS_PER_DAY = 86_400
SECONDS_PER_YEAR = 31_556_952


def time_column(raw: Table, now: float | None = None) -> Column:
    """Whole seconds since 1970, in whatever unit they are; null where none is given.

    Refused are times before 1970, later than a day after `now` (by the clock, unless given), and
    times of which some are in another unit than the others.
    """
    pattern = pattern_of(raw)
    if pattern is not None:
        return _of_dates(pattern, now)
    column = number_column(raw, TIMESTAMP, pl.Int64(), required=False)
    if column.is_refused:
        return column
    latest = _latest(now)
    given, seconds = _given(raw), pl.lit(1, pl.Int64)
    for place in range(1, len(UNITS)):
        finer = pl.lit(STEP**place, pl.Int64)
        seconds = pl.when(given >= _least(place)).then(finer).otherwise(seconds)
    to_come = _is_to_come(given, given / seconds > latest)
    checks = (*column.checks, _is_before_1970(given), to_come, _is_mixed(given))
    return replace(column, value=column.value // seconds, checks=checks)


def pattern_of(raw: Table) -> str | None:
    """How the times are written, where they are dates; told by the first. None for numbers."""
    if TIMESTAMP not in raw.schema or raw.schema[TIMESTAMP] != pl.String:
        return None
    text = pl.col(TIMESTAMP).str.strip_chars()
    first = raw.collect(raw.rows.lazy().select(text).filter(text != "").head(1))
    if first.is_empty():
        return None
    for pattern in PATTERNS:
        if _parsed(first[TIMESTAMP], pattern).null_count() == 0:
            return pattern
    return None


def _parsed(text: pl.Series, pattern: str) -> pl.Series:
    return pl.DataFrame({TIMESTAMP: text}).select(_seconds(pattern)).to_series()


def _seconds(pattern: str) -> pl.Expr:
    """Seconds since 1970 of dates; a time without a zone is in UTC."""
    text = pl.col(TIMESTAMP).str.strip_chars()
    if pattern.endswith("%z"):
        zoned = text.str.to_datetime(pattern, strict=False, time_unit="us", time_zone="UTC")
        return zoned.dt.epoch("s")
    if "%H" not in pattern:
        return text.str.to_date(pattern, strict=False).dt.epoch("s")
    return text.str.to_datetime(pattern, strict=False, time_unit="us").dt.epoch("s")


def _of_dates(pattern: str, now: float | None) -> Column:
    seconds, text = _seconds(pattern), pl.col(TIMESTAMP).str.strip_chars()
    unread = Check(
        (text != "") & seconds.is_null(),
        lambda value: f"'{value}' is no time that is written as the first one ({pattern})",
        "Correct it, or leave it empty where the time is not known.",
        text,
    )
    to_come = _is_to_come(seconds.cast(pl.Float64), seconds > _latest(now))
    return Column(TIMESTAMP, seconds, (unread, _is_before_1970(seconds), to_come))


def _latest(now: float | None) -> float:
    return (time.time() if now is None else now) + SECONDS_PER_DAY


def times_said(raw: Table) -> list[str]:
    """How times are written, in a line."""
    if TIMESTAMP not in raw.schema:
        return ["times: there are none"]
    pattern = pattern_of(raw)
    if pattern is not None:
        return [f"times: dates written as {pattern}, in UTC where they name no zone"]
    unit = _unit(_given(raw)).alias("unit")
    first = raw.collect(raw.rows.lazy().select(unit).filter(pl.col("unit").is_not_null()).head(1))
    return [f"times: {UNITS[first['unit'][0]]} since 1970"] if first.height else []


def converted(raw: Table) -> Dropped:
    """Of times that passed the checks: those in a finer unit, by what was done to them."""
    if TIMESTAMP not in raw.schema or pattern_of(raw) is not None:
        return {}
    unit = _unit(_given(raw))
    finest, row, count = raw.ask(
        unit.max(), pl.col(ROW).filter(unit.is_not_null()).min(), _given(raw).count()
    )
    if not finest:
        return {}
    reason = f"timestamps kept: converted from {UNITS[finest]} to seconds"
    return {reason: Rows(count, raw.shown(row, TIMESTAMP))}


def _given(raw: Table) -> pl.Expr:
    """The numbers as they are in the file."""
    return number_column(raw, TIMESTAMP, pl.Float64(), required=False).value


def _least(place: int) -> int:
    """The least number that is in this unit."""
    return FINER_FROM * int(STEP ** (place - 1))


def _unit(given: pl.Expr) -> pl.Expr:
    """The place of each number's unit in UNITS; null for 0, which is 1970 in all of them."""
    finer = (given >= _least(place) for place in range(1, len(UNITS)))
    return pl.when(given != 0).then(pl.sum_horizontal(*finer))


def _is_before_1970(given: pl.Expr) -> Check:
    return Check(
        given < 0,
        lambda value: f"the time {value:.0f} is before 1970",
        "Correct it, or leave it empty where the time is not known.",
        given,
    )


def _is_to_come(given: pl.Expr, bad: pl.Expr) -> Check:
    return Check(
        bad,
        lambda value: f"the time {_told(value)} is in the future",
        "Correct it, or leave it empty where the time is not known.",
        given,
    )


def _is_mixed(given: pl.Expr) -> Check:
    unit = _unit(given)
    return Check(
        unit != unit.quantile(0.5, "lower"),
        lambda value: f"the time {_told(value)} is in another unit than others",
        "Give all times in the same unit; seconds since 1970 are best.",
        given,
        fails=unit.min() != unit.max(),
    )


def _told(value: object) -> str:
    """As in "1500000000000 (2017-07-14 if it is in milliseconds)"."""
    given = float(str(value))
    place = sum(given >= _least(place) for place in range(1, len(UNITS)))
    return f"{given:.0f} ({_day(given / STEP**place)} if it is in {UNITS[place]})"


def _day(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
    except (OverflowError, ValueError):
        return f"the year {1970 + seconds / SECONDS_PER_YEAR:,.0f}"
