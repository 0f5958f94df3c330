"""Ratings in their order, one per pair: in memory, or through files where they are many."""

from pathlib import Path

import polars as pl

from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.data.tables import ROW

PART_ROWS = 4_000_000
"""Ratings sorted at a time: half a gigabyte of memory."""

LENGTH = "_length"
_PART = "_part"


def latest(ratings: pl.LazyFrame) -> pl.LazyFrame:
    """Of each pair the rating with the latest time, then the latest ROW; sorted by the pair."""
    ordered = ratings.sort(USER, ITEM, TIMESTAMP, ROW, nulls_last=False)
    changes = (pl.col(name) != pl.col(name).shift(-1) for name in (USER, ITEM))
    last = pl.any_horizontal(*changes).fill_null(value=True)
    return ordered.filter(last).select(USER, ITEM, RATING, TIMESTAMP)


def users_of(ratings: pl.LazyFrame) -> pl.DataFrame:
    """Every user and the number of their ratings, sorted by user."""
    counted = ratings.group_by(USER).agg(pl.len().alias(LENGTH))
    return counted.collect(engine="streaming").sort(USER)


def latest_on_disk(ratings: pl.LazyFrame, users: pl.DataFrame, stem: Path) -> pl.LazyFrame:
    """As `latest`, sorted PART_ROWS at a time by way of files named `stem`*, where the rows stay.

    `users` are those of the ratings. Each file holds a range of them, so that one file after
    the other is the whole in its order; one user's ratings are never divided.
    """
    part = (pl.col(LENGTH).cum_sum() - pl.col(LENGTH)) // PART_ROWS
    firsts = users.group_by(part).agg(pl.col(USER).min())[USER].sort()
    _divide(ratings, firsts, stem)
    ordered = [stem.with_name(f"{stem.name}.ordered-{place}.tmp") for place in range(len(firsts))]
    for place, file in enumerate(ordered):
        pieces = list(stem.parent.glob(f"{stem.name}.part-{place}-*"))
        latest(pl.scan_parquet(pieces, glob=False)).sink_parquet(file, compression="lz4")
        for piece in pieces:
            piece.unlink()
    return pl.scan_parquet(ordered, glob=False)


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
