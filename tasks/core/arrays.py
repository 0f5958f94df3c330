"""Ids as sorted arrays, where each stands, and rows that stand in runs."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Places = NDArray[np.int64]
Floats = NDArray[np.float64]
Ids = NDArray[np.generic]

LARGEST_TABLE = 1_000_000
"""Numbers that a table of positions may span, whatever the number of ids."""


def within(lengths: Places) -> Places:
    """0, 1, 2, ... anew for each of the runs with these lengths."""
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    places: Places = np.arange(len(starts)) - starts
    return places


def ids_of(column: pl.Series) -> Ids:
    """The ids as a NumPy array that can be sorted and searched."""
    return np.array(column.to_list()) if column.dtype == pl.String else column.to_numpy()


def places_of(known: Ids, column: pl.Series) -> tuple[Places, NDArray[np.bool_]]:
    """Where each id of a column stands in the sorted `known`, and whether it is there at all.

    Text is looked up by polars: as a NumPy array a long column of it is slow to make, and large.
    """
    if column.dtype != pl.String or known.dtype.kind != "U":
        return positions(known, ids_of(column))
    table = pl.DataFrame({"id": pl.Series(known.tolist(), dtype=pl.String)}).with_row_index("place")
    joined = column.to_frame("id").join(table, on="id", how="left", maintain_order="left")["place"]
    place = joined.fill_null(0).cast(pl.Int64).to_numpy()
    return place, joined.is_not_null().to_numpy()


def positions(known: Ids, wanted: Ids) -> tuple[Places, NDArray[np.bool_]]:
    """Where each wanted id stands in the sorted `known`, and whether it is there at all."""
    if len(wanted) >= len(known) and _are_dense(known) and wanted.dtype.kind in "iu":
        return _looked_up(known, wanted)
    index = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
    return index.astype(np.int64), known[index] == wanted


def _are_dense(known: Ids) -> bool:
    """Whether a table of all numbers in the range of these ids is small."""
    if not len(known) or known.dtype.kind not in "iu":
        return False
    return int(known[-1]) - int(known[0]) < max(LARGEST_TABLE, 4 * len(known))


def _looked_up(known: Ids, wanted: Ids) -> tuple[Places, NDArray[np.bool_]]:
    """The same from a table with a place for every number: many times as fast as a search."""
    lowest, highest = int(known[0]), int(known[-1])
    table = np.full(highest - lowest + 1, -1, dtype=np.int64)
    table[known.astype(np.int64) - lowest] = np.arange(len(known))
    asked = wanted.astype(np.int64)
    inside = (asked >= lowest) & (asked <= highest)
    index = table[np.where(inside, asked, lowest) - lowest]
    present = inside & (index >= 0)
    return np.where(present, index, 0), present
