"""The checks that the rows of tags must pass."""

import polars as pl

from tasks.core.vocabulary import ITEM, TAG, USER
from tasks.data.columns import Column, id_column, like, text_column, typed
from tasks.data.dropped import Dropped
from tasks.data.tables import ROW, Table


def clean_tags(raw: Table, ratings: pl.DataFrame | pl.LazyFrame) -> tuple[pl.DataFrame, Dropped]:
    """Tags (user, item, tag) of rated pairs, sorted; others are dropped and counted."""
    tagged = typed(raw, *tag_columns(raw)).frame.sort(ROW)
    tagged = like(like(tagged, ratings, USER), ratings, ITEM)
    tagged = tagged.with_columns(pl.col(TAG).str.to_lowercase())
    written = tagged.filter(pl.col(TAG).is_not_null())
    written = written.unique([USER, ITEM, TAG], keep="first", maintain_order=True)
    # The few tagged pairs are looked for among the many ratings, not the other way round.
    met = ratings.lazy().join(written.lazy(), on=[USER, ITEM], how="semi").select(USER, ITEM)
    rated = written.join(met.collect(engine="streaming"), on=[USER, ITEM], how="semi")
    dropped = {
        "tags dropped: empty or repeated": tagged.join(written, on=ROW, how="anti"),
        "tags dropped: their user has not rated their item": written.join(
            rated, on=ROW, how="anti"
        ),
    }
    surplus = {reason: raw.counted(rows[ROW], USER, ITEM) for reason, rows in dropped.items()}
    return rated.select(USER, ITEM, TAG).sort(USER, ITEM, TAG), surplus


def tag_columns(raw: Table) -> list[Column]:
    """How the columns of tags are read, and what must not stand in them."""
    return [id_column(raw, USER), id_column(raw, ITEM), text_column(raw, TAG)]
