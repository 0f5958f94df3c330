"""The checks that the rows of items must pass."""

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import ITEM, TITLE, DatasetInfo
from tasks.data.columns import ITEM_COLUMNS, Column, id_column, number_column, text_column, typed
from tasks.data.dropped import Dropped
from tasks.data.tables import ROW, Table

UNTITLED = "items kept without a title: named by their id"


def clean_items(raw: Table, info: DatasetInfo) -> tuple[pl.DataFrame, Dropped]:
    """Items (item and ITEM_COLUMNS), sorted by item; an item without a title is named by its id.

    Raises BadDataError for a missing or doubled id, or a number that is none.
    """
    frame = typed(raw, *item_columns(raw)).frame
    doubled = second_row(raw, frame)
    if doubled is not None:
        raise doubled
    absent = [pl.lit(None, k).alias(name) for name, k in ITEM_COLUMNS.items() if name not in frame]
    frame = frame.with_columns(absent)
    untitled = frame.filter(pl.col(TITLE).is_null())[ROW]
    by_id = pl.format(f"{info.noun} {{}}", pl.col(ITEM))
    titled = frame.with_columns(pl.coalesce(pl.col(TITLE), by_id).alias(TITLE))
    return titled.select(ITEM, *ITEM_COLUMNS).sort(ITEM), {UNTITLED: raw.counted(untitled, ITEM)}


def item_columns(raw: Table) -> list[Column]:
    """How the columns of items are read, and what must not stand in them."""
    there = {name: kind for name, kind in ITEM_COLUMNS.items() if name in raw.schema}
    return [
        id_column(raw, ITEM),
        *(
            number_column(raw, name, kind, required=False)
            if kind.is_numeric()
            else text_column(raw, name)
            for name, kind in there.items()
        ),
    ]


def second_row(raw: Table, items: pl.DataFrame) -> BadDataError | None:
    """The error of the first row whose item has one already; `items` are those of `raw`."""
    named = items.sort(ROW).filter(pl.col(ITEM).is_not_null())
    again = named.filter(~pl.col(ITEM).is_first_distinct())
    if again.is_empty():
        return None
    problem = f"item {again[ITEM][0]} appears a second time"
    return raw.bad(problem, "Keep one row per item.", ITEM, again[ROW][0])
