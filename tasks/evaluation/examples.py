"""Whom re-ranking helped and harmed: both lists of example users, side by side."""

import polars as pl

from tasks.core.vocabulary import BASE_RANK, ITEM, RANK, REASONS, TITLE, USER, YEAR

WINNERS = 10
"""Users who gained that are kept; those who lost are kept all, since they are what to look into."""


def list_examples(
    ranked: pl.LazyFrame,
    values: pl.DataFrame,
    held_out: pl.DataFrame,
    items: pl.DataFrame,
    top: int,
) -> pl.DataFrame:
    """User, gain, item, title, year, base_rank, rank, held_out, reasons; by gain, highest first.

    First `top` places of both lists, of all users whose re-ranked list is worse and of the WINNERS
    who gained most. `gain`: NDCG@top of the re-ranked list minus that of the base list. `reasons`
    are those of `ranked`, null where it has none. `values` (list, user, metrics ...) of one split.
    """
    places = ranked.filter(pl.min_horizontal(RANK, BASE_RANK) <= top).collect()
    if REASONS not in places.columns:
        places = places.with_columns(pl.lit(None, pl.String).alias(REASONS))
    hits = held_out.select(USER, ITEM, pl.lit(True).alias("held_out"))
    return (
        places.join(_gains(values, f"NDCG@{top}"), on=USER)
        .join(items.select(ITEM, TITLE, YEAR), on=ITEM)
        .join(hits, on=[USER, ITEM], how="left")
        .with_columns(pl.col("held_out").fill_null(False))
        .sort("gain", USER, RANK, descending=[True, False, False])
        .select(USER, "gain", ITEM, TITLE, YEAR, BASE_RANK, RANK, "held_out", REASONS)
    )


def _gains(values: pl.DataFrame, metric: str) -> pl.DataFrame:
    """User and gain of the example users; of equal gains the first users are kept."""
    sides = values.pivot("list", index=USER, values=metric)
    gains = sides.select(USER, (pl.col("reranked") - pl.col("base")).alias("gain")).drop_nulls()
    won = gains.filter(pl.col("gain") > 0).sort("gain", USER, descending=[True, False])
    return pl.concat([won.head(WINNERS), gains.filter(pl.col("gain") < 0)])
