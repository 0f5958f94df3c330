"""The checks every source must pass: a wrong row ends the run, a surplus one is counted."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from tasks.core.vocabulary import (
    ITEM,
    RATING,
    TIMESTAMP,
    USER,
)
from tasks.data.columns import (
    Check,
    Column,
    id_column,
    like,
    number_column,
    typed,
)
from tasks.data.dropped import Dropped, Rows
from tasks.data.tables import ROW, Table
from tasks.data.times import converted, time_column

MOST_UNKNOWN = 0.5
"""Above this share of ratings for unknown items the two files do not belong together."""

UNKNOWN = "ratings dropped: the items file lacks their item"
SUPERSEDED = "ratings dropped: the same user rated the same item later"
SUMMED = "rows summed: the same user met the same item before"

Single = Callable[[pl.LazyFrame], pl.LazyFrame]
Scale = tuple[float, float]

PART_ROWS = 4_000_000
"""Ratings sorted at a time: half a gigabyte of memory."""

LENGTH = "_length"
_PART = "_part"


def clean_ratings(
    raw: Table,
    items: pl.DataFrame,
    scale: Scale | None,
    now: float | None = None,
    *,
    implicit: bool = False,
) -> tuple[pl.DataFrame, Dropped]:
    """Ratings (user, item, rating, timestamp), one per pair, sorted by user then item.

    Of a pair's several ratings the latest stays (by timestamp, else by place in the file);
    if `implicit` they are summed, and a row without a rating counts 1. Ratings of items without a
    row in `items` are dropped and counted. Raises BadDataError, naming row and column, for a
    missing id, a rating that is no finite number or off the scale, and a time that `time_column`
    refuses; `now` is by the clock unless given.
    """
    checked = _checked_ratings(raw, items, scale, now)
    rated = _of_items(checked, items).collect(engine="streaming")
    unknown = _refuse_strangers(raw, checked, items, rated.height)
    single = (summed if implicit else latest)(rated.lazy()).collect()
    surplus = rated.height - single.height
    again = _again(raw, surplus, first_repeat(rated.lazy()) if surplus else None)
    return single, unknown | {SUMMED if implicit else SUPERSEDED: again} | converted(raw)


def clean_large(
    raw: Table,
    items: pl.DataFrame,
    scale: Scale | None,
    stem: Path,
    now: float | None = None,
    *,
    implicit: bool = False,
) -> tuple[pl.LazyFrame, Dropped]:
    """As `clean_ratings`, in bounded memory: the rows that it gives lie in files named `stem`*."""
    checked = _checked_ratings(raw, items, scale, now)
    rated = _of_items(checked, items)
    users = users_of(rated)
    kept = int(users[LENGTH].sum())
    unknown = _refuse_strangers(raw, checked, items, kept)
    single, first = latest_on_disk(rated, users, stem, summed if implicit else latest)
    again = _again(raw, kept - height(single), first)
    return single, unknown | {SUMMED if implicit else SUPERSEDED: again} | converted(raw)


def _checked_ratings(
    raw: Table, items: pl.DataFrame, scale: Scale | None, now: float | None
) -> pl.LazyFrame:
    rows = typed(raw, *rated_columns(raw, scale, now)).rows.lazy()
    if TIMESTAMP not in raw.schema:
        rows = rows.with_columns(pl.lit(None, pl.Int64).alias(TIMESTAMP))
    if RATING not in raw.schema:
        rows = rows.with_columns(pl.lit(1.0).alias(RATING))
    return like(rows, items, ITEM)


def rated_columns(raw: Table, scale: Scale | None, now: float | None = None) -> list[Column]:
    """How the columns of ratings are read, and what must not stand in them."""
    columns = [id_column(raw, USER), id_column(raw, ITEM)]
    if RATING in raw.schema:
        columns.append(_rating_column(raw, scale))
    if TIMESTAMP in raw.schema:
        columns.append(time_column(raw, now))
    return columns


def _rating_column(raw: Table, scale: Scale | None) -> Column:
    column = number_column(raw, RATING, pl.Float64(), required=True)
    if scale is None or column.is_refused:
        return column
    low, high = scale
    off = Check(
        ~column.value.is_between(low, high),
        lambda value: f"{value:g} is off the scale {low:g} to {high:g}",
        "Correct the rating, or the scale in dataset.toml.",
        column.value,
    )
    return column.having(off)


def _of_items(ratings: pl.LazyFrame, items: pl.DataFrame) -> pl.LazyFrame:
    return ratings.join(items.lazy().select(ITEM), on=ITEM, how="semi")


def first_stranger(raw: Table, items: pl.DataFrame) -> int | None:
    """The row of the first rating of an item that is not among `items`; None without one."""
    rows = like(typed(raw, id_column(raw, ITEM)).rows.lazy(), items, ITEM)
    return _first(raw, rows.join(items.lazy().select(ITEM), on=ITEM, how="anti"))


def _first(raw: Table, rows: pl.LazyFrame) -> int | None:
    row: int | None = raw.collect(rows.select(pl.col(ROW).min())).item()
    return row


def _refuse_strangers(raw: Table, ratings: pl.LazyFrame, items: pl.DataFrame, kept: int) -> Dropped:
    """The ratings of unknown items; BadDataError where they are too many."""
    total = height(ratings)
    unknown = total - kept
    if unknown > MOST_UNKNOWN * total:
        strangers = ratings.join(items.lazy().select(ITEM), on=ITEM, how="anti")
        row = _first(raw, strangers)
        first = raw.collect(raw.rows.lazy().filter(pl.col(ROW) == row))[ITEM][0]
        problem = f"{unknown:,} of {total:,} ratings are for items unknown to the items file"
        fix = "Check that both files come from the same export."
        raise raw.bad(f"{problem}, the first is {first}", fix, ITEM, row)
    return {UNKNOWN: Rows(unknown)}


def first_repeat(ratings: pl.LazyFrame) -> int | None:
    """The first ROW whose user and item stand in an earlier one; None where none does."""
    earliest = pl.col(ROW).min().over(USER, ITEM)
    later = pl.col(ROW).filter(pl.col(ROW) != earliest)
    row: int | None = ratings.select(later.min()).collect().item()
    return row


def _again(raw: Table, surplus: int, row: int | None) -> Rows:
    return Rows(surplus, raw.shown(row, USER, ITEM))


def latest(ratings: pl.LazyFrame) -> pl.LazyFrame:
    """Of each pair the rating with the latest time, then the latest ROW; sorted by the pair."""
    ordered = ratings.sort(USER, ITEM, TIMESTAMP, ROW, nulls_last=False)
    changes = (pl.col(name) != pl.col(name).shift(-1) for name in (USER, ITEM))
    last = pl.any_horizontal(*changes).fill_null(value=True)
    return ordered.filter(last).select(USER, ITEM, RATING, TIMESTAMP)


def summed(ratings: pl.LazyFrame) -> pl.LazyFrame:
    """Of each pair the sum of its ratings and the latest time; sorted by the pair."""
    pairs = ratings.group_by(USER, ITEM).agg(pl.col(RATING).sum(), pl.col(TIMESTAMP).max())
    return pairs.sort(USER, ITEM)


def users_of(ratings: pl.LazyFrame) -> pl.DataFrame:
    """Every user and the number of their ratings, sorted by user."""
    counted = ratings.group_by(USER).agg(pl.len().alias(LENGTH))
    return counted.collect(engine="streaming").sort(USER)


def latest_on_disk(
    ratings: pl.LazyFrame, users: pl.DataFrame, stem: Path, single: Single = latest
) -> tuple[pl.LazyFrame, int | None]:
    """As `latest`, sorted PART_ROWS at a time by way of files named `stem`*, where the rows stay.

    Gives the `first_repeat`, too.

    `single` makes one rating of a pair's, `latest` or `summed`.
    `users` are those of the ratings. Each file holds a range of them, so that one file after
    the other is the whole in its order; one user's ratings are never divided.
    """
    part = (pl.col(LENGTH).cum_sum() - pl.col(LENGTH)) // PART_ROWS
    firsts = users.group_by(part).agg(pl.col(USER).min())[USER].sort()
    _divide(ratings, firsts, stem)
    ordered = [stem.with_name(f"{stem.name}.ordered-{place}.tmp") for place in range(len(firsts))]
    repeats: list[int | None] = []
    for place, file in enumerate(ordered):
        pieces = list(stem.parent.glob(f"{stem.name}.part-{place}-*"))
        rows = pl.scan_parquet(pieces, glob=False)
        single(rows).sink_parquet(file, compression="lz4")
        if height(pl.scan_parquet(file, glob=False)) < height(rows):
            repeats.append(first_repeat(rows))
        for piece in pieces:
            piece.unlink()
    return pl.scan_parquet(ordered, glob=False), min(filter(None, repeats), default=None)


def is_large(ratings: pl.LazyFrame) -> bool:
    """Whether they are too many to be sorted at once."""
    return height(ratings) > PART_ROWS


def height(rows: pl.LazyFrame) -> int:
    """How many rows there are."""
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def _divide(ratings: pl.LazyFrame, firsts: pl.Series, stem: Path) -> None:
    """Write the ratings of each range of users, given by its first, to files of their own.

    With very many ranges polars closes files and opens others; a name used twice would lose rows.
    """
    place = pl.sum_horizontal(pl.lit(0), *(pl.col(USER) >= first for first in firsts[1:]))
    parts = pl.PartitionBy(
        stem.parent,
        key={_PART: place},
        include_key=False,
        approximate_bytes_per_file=None,
        file_path_provider=lambda made: (
            f"{stem.name}.part-{made.partition_keys.item()}-{made.index_in_partition}.tmp"
        ),
    )
    ratings.sink_parquet(parts, compression="lz4")
