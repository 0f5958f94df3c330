"""Ranking metrics over users who each have one held-out item."""

import math

import polars as pl

from tasks.vocabulary import ITEM, USER

K = 10


def list_metrics(ranked: pl.DataFrame, held_out: pl.DataFrame, rank: str) -> pl.DataFrame:
    """Metric, k, value, standard_error, users: of the lists that the column `rank` orders.

    HR@K is the share of users whose held-out item is among their first K. NDCG@K with one
    relevant item is 1 / log2(1 + its rank), 0 beyond K (Jarvelin & Kekalainen 2002). Every user
    with a held-out item counts, with 0 where it is no candidate. The standard error is that of
    the mean over users for this one split; it does not hold the split's own chance.
    """
    places = held_out.select(USER, ITEM).join(
        ranked.select(USER, ITEM, pl.col(rank).alias("place")), on=[USER, ITEM], how="left"
    )
    hit = (pl.col("place") <= K).fill_null(False)
    gain = pl.when(hit).then(math.log(2) / (pl.col("place") + 1).log()).otherwise(0.0)
    values = places.select(hit.cast(pl.Float64).alias("HR"), gain.alias("NDCG"))
    return pl.DataFrame([_summary(values[name]) for name in values.columns])


def _summary(values: pl.Series) -> dict[str, object]:
    mean, spread = values.mean(), values.std()
    return {
        "metric": values.name,
        "k": K,
        "value": mean,
        "standard_error": spread / math.sqrt(len(values)) if isinstance(spread, float) else None,
        "users": len(values),
    }
