"""What two nights say together, and what is new: properties of lists that one night cannot show."""

import polars as pl

from tasks.core.vocabulary import ITEM, TIMESTAMP, USER
from tasks.evaluation.splits.windows import Window

REPEATED, NEW = "repeated", "new items"


def repeated(now: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """User and the share of the list's items that were in the user's list the night before.

    Both hold (user, item) of lists as long as they were published. Null for who had no list then.
    """
    had = before.select(USER).unique().with_columns(pl.lit(True).alias("had"))
    again = before.select(USER, ITEM, pl.lit(1.0).alias("again"))
    told = (
        now.join(again, on=[USER, ITEM], how="left")
        .group_by(USER)
        .agg((pl.col("again").sum() / pl.len()).alias(REPEATED))
    )
    known = told.join(had, on=USER, how="left")
    return known.select(USER, pl.when(pl.col("had")).then(pl.col(REPEATED)).alias(REPEATED))


def of_new_items(lists: pl.DataFrame, known: pl.DataFrame, window: Window) -> pl.DataFrame:
    """User and the share of the list's items that are newer than the horizon is long.

    `lists` (user, item); `known`: all ratings before the night. New is what was first rated within
    so many days before the night as the horizon has, or by nobody yet.
    """
    first = known.group_by(ITEM).agg(pl.col(TIMESTAMP).min().alias("first"))
    since = window.earlier(1).start
    dated = lists.join(first, on=ITEM, how="left")
    new = (pl.col("first").is_null() | (pl.col("first") >= since)).mean()
    return dated.group_by(USER).agg(new.alias(NEW))
