"""Ratings of items that the items file lacks: the first of them, and how many are too many."""

import os
from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import ITEM, Dataset, Stranger
from tasks.data.tables import ROW, Table
from tasks.data.validate import SUMMED, SUPERSEDED, UNKNOWN


def stranger_at(raw: Table, row: int | None) -> Stranger | None:
    """The rating in this row of the table, told by its own file, row and column; None without."""
    if row is None:
        return None
    place = raw.bad("", "", ITEM, row)
    rating = raw.collect(raw.rows.lazy().filter(pl.col(ROW) == row))
    return Stranger(
        file=os.path.relpath(place.file, raw.file.parent),
        row=place.row,
        column=place.column,
        item=str(rating[ITEM][0]),
    )


def check_dropped(dataset: Dataset, folder: Path, most: float) -> None:
    """Raise BadDataError where more than `most` percent of the ratings are of unknown items.

    `folder` is where the data set's files are. It must not have been cut off at a moment yet.
    """
    first, unknown = dataset.stranger, dataset.dropped.get(UNKNOWN, 0)
    again = sum(dataset.dropped.get(reason, 0) for reason in (SUPERSEDED, SUMMED))
    total = dataset.ratings.rows + again + unknown
    if first is None or 100 * unknown <= most * total:
        return
    raise BadDataError(
        folder / first.file,
        f"{unknown:,} of {total:,} ratings ({100 * unknown / total:.1f} %) are of items that the"
        f" items file lacks, the first of item {first.item}; at most {most:g} % may be",
        "Complete the items file; or raise --max-dropped, and these ratings are left out.",
        row=first.row,
        column=first.column,
    )
