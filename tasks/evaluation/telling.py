"""Whom re-ranking helped most and whom it harmed most: both lists, with the why of each item."""

import polars as pl

from tasks.core.vocabulary import (
    BASE_RANK,
    DATE_AFFINITY,
    ESTIMATE,
    ITEM,
    POPULARITY,
    RANK,
    SCORE,
    SIMILARITY,
    TITLE,
    USER,
    YEAR,
)

USERS = 10
"""Of each kind: enough to look at, and little to keep."""

WHY = (ESTIMATE, SIMILARITY, POPULARITY, DATE_AFFINITY, SCORE)


def telling_lists(
    ranked: pl.DataFrame,
    values: pl.DataFrame,
    held_out: pl.DataFrame,
    items: pl.DataFrame,
    top: int,
) -> pl.DataFrame:
    """User, gain, item, title, year, base_rank, rank, held_out, and the signals of each item.

    First `top` places of both lists, of the users with the highest and the lowest `gain`: NDCG@top
    of the re-ranked list minus that of the base list. `values` has list, user and the metrics; one
    split's.
    """
    shown = ranked.filter((pl.col(RANK) <= top) | (pl.col(BASE_RANK) <= top))
    rated = held_out.select(USER, ITEM, pl.lit(True).alias("held_out"))
    return (
        shown.join(_extremes(values, f"NDCG@{top}"), on=USER)
        .join(items.select(ITEM, TITLE, YEAR), on=ITEM)
        .join(rated, on=[USER, ITEM], how="left")
        .with_columns(pl.col("held_out").fill_null(False))
        .sort("gain", USER, RANK, descending=[True, False, False])
        .select(USER, "gain", ITEM, TITLE, YEAR, BASE_RANK, RANK, "held_out", *WHY)
    )


def _extremes(values: pl.DataFrame, metric: str) -> pl.DataFrame:
    sides = values.pivot("list", index=USER, values=metric)
    gains = sides.select(USER, (pl.col("reranked") - pl.col("base")).alias("gain")).drop_nulls()
    won = gains.filter(pl.col("gain") > 0).sort("gain", USER, descending=[True, False])
    lost = gains.filter(pl.col("gain") < 0).sort("gain", USER)
    return pl.concat([won.head(USERS), lost.head(USERS)])
