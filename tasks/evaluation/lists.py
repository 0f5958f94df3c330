"""The dense form of ranked lists, which metrics read."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.errors import PalateError
from tasks.core.vocabulary import ITEM, RATING, USER

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class DenseLists:
    """The first K places of each user's list, and which of them hold a relevant item.

    `users` (U,) as they were given; `items` (U, K) positions in the catalogue, -1 where the list
    is shorter; `hits` (U, K); `relevant` (U,) how many held-out items are relevant.
    """

    users: pl.Series
    items: Ints
    hits: Bools
    relevant: Ints


def dense_lists(
    ranked: pl.DataFrame,
    held_out: pl.DataFrame,
    users: pl.Series,
    list_column: str,
    catalogue: pl.Series,
    depth: int,
    relevant_at: float | None = None,
) -> DenseLists:
    """The first `depth` places by `list_column` (1 is best) for each of `users`.

    Every held-out item is relevant, or only those rated `relevant_at` or more. A user without
    candidates has an empty list. Raises PalateError.
    """
    relevant = held_out if relevant_at is None else held_out.filter(pl.col(RATING) >= relevant_at)
    hit = relevant.select(USER, ITEM, pl.lit(True).alias("hit"))
    top = _first_places(ranked, users, list_column, catalogue, depth)
    top = top.join(hit, on=[USER, ITEM], how="left")
    cells = top["row"].to_numpy(), top["place"].to_numpy()
    items = np.full((len(users), depth), -1, dtype=np.int64)
    items[cells] = top["position"].fill_null(-1).to_numpy()
    hits = np.zeros((len(users), depth), dtype=np.bool_)
    hits[cells] = top["hit"].fill_null(False).to_numpy()
    if np.count_nonzero(items >= 0) != top.height:
        raise PalateError(
            f"By '{list_column}' a place is taken twice, or an item is not in the catalogue.",
            "Number each user's items 1, 2, 3, ..., and give the catalogue that they are from.",
        )
    return DenseLists(users, items, hits, count_each(relevant, users))


def count_each(rows: pl.DataFrame, users: pl.Series) -> Ints:
    """(U,) how many of the rows are each user's."""
    counted = pl.DataFrame({USER: users}).join(
        rows.group_by(USER).len("count"), on=USER, how="left", maintain_order="left"
    )
    return counted["count"].fill_null(0).cast(pl.Int64).to_numpy()


def _first_places(
    ranked: pl.DataFrame, users: pl.Series, list_column: str, catalogue: pl.Series, depth: int
) -> pl.DataFrame:
    """User, item, place (from 0), row (of the user), position (of the item; null: none)."""
    rows = pl.DataFrame({USER: users}).with_row_index("row")
    positions = pl.DataFrame({ITEM: catalogue}).with_row_index("position")
    top = ranked.filter(pl.col(list_column).is_between(1, depth))
    placed = top.select(USER, ITEM, (pl.col(list_column).cast(pl.Int64) - 1).alias("place"))
    joined = placed.join(rows, on=USER).join(positions, on=ITEM, how="left")
    return joined.with_columns(pl.col("position").cast(pl.Int64))
