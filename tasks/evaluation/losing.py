"""Whom re-ranking harms: users whose list got worse, with both lists."""

import polars as pl

from tasks.core.vocabulary import BASE_RANK, ITEM, RANK, TITLE, USER


def losing_lists(
    ranked: pl.DataFrame,
    values: pl.DataFrame,
    held_out: pl.DataFrame,
    items: pl.DataFrame,
    top: int,
) -> pl.DataFrame:
    """User, item, title, base_rank, rank, held_out: first `top` places of both lists.

    Of the users whose re-ranked NDCG@top is below that of their base list. `values` has list,
    user and the metrics; one split's.
    """
    metric = f"NDCG@{top}"
    sides = values.pivot("list", index=USER, values=metric)
    losers = sides.filter(pl.col("reranked") < pl.col("base")).select(USER)
    shown = ranked.filter((pl.col(RANK) <= top) | (pl.col(BASE_RANK) <= top))
    rated = held_out.select(USER, ITEM, pl.lit(True).alias("held_out"))
    return (
        shown.join(losers, on=USER, how="semi")
        .join(items.select(ITEM, TITLE), on=ITEM)
        .join(rated, on=[USER, ITEM], how="left")
        .select(USER, ITEM, TITLE, BASE_RANK, RANK, pl.col("held_out").fill_null(False))
        .sort(USER, RANK)
    )
