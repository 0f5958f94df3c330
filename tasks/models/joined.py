"""Candidates of several base models in one list."""

from collections.abc import Mapping

import polars as pl

from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, USER
from tasks.models.base import BaseModel
from tasks.models.pairs import pair_estimates


def join_candidates(lists: Mapping[str, pl.DataFrame], base: str, model: BaseModel) -> pl.DataFrame:
    """User, item, estimate, base_rank, and per source its rank ("svd_rank"; null: not in its list).

    `model` is the base model and `base` its name: the base order is its own list, then what only
    others proposed, by its estimate. Sorted by user and base_rank.
    """
    ranks = [
        table.select(USER, ITEM, pl.col(BASE_RANK).alias(f"{name}_rank"))
        for name, table in lists.items()
    ]
    joined = pl.concat([table.select(USER, ITEM) for table in ranks]).unique().sort(USER, ITEM)
    for table in ranks:
        joined = joined.join(table, on=[USER, ITEM], how="left", maintain_order="left")
    estimated = joined.with_columns(pl.Series(ESTIMATE, pair_estimates(model, joined)))
    own = pl.col(f"{base}_rank").fill_null(pl.len().over(USER) + 1)
    ordered = estimated.with_columns(own.alias("own")).sort(
        [USER, "own", ESTIMATE, ITEM], descending=[False, False, True, False]
    )
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER)
    numbered = ordered.with_columns(place.alias(BASE_RANK))
    return numbered.select(USER, ITEM, ESTIMATE, BASE_RANK, *(f"{name}_rank" for name in lists))
