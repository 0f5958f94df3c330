"""What is known of each (user, candidate) pair beside the estimate.

All of it comes from train ratings but for the `external` group, the catalogue's own quality and
votes: they were collected after every split.
"""

import numpy as np
import polars as pl

from tasks.core.vocabulary import (
    DATE_AFFINITY,
    EXTERNAL_QUALITY,
    EXTERNAL_VOTES,
    ITEM,
    POPULARITY,
    QUALITY,
    SIMILARITY,
    USER,
    VOTES,
    YEAR,
)
from tasks.models.candidates import COUNT

YEARS = (1800, 2100)
"""Years outside are taken as unknown."""

BANDWIDTH_YEARS = 4.0


def add_features(
    candidates: pl.DataFrame,
    scores: pl.DataFrame,
    ratings: pl.DataFrame,
    items: pl.DataFrame,
    counts: pl.DataFrame,
) -> pl.DataFrame:
    """Candidates in their order, with every signal that a rule may read; null is unknown.

    `ratings` are the train ratings of these users at least, `counts` (item, count) of everybody.
    """
    known = candidates.join(
        scores.select(USER, ITEM, SIMILARITY), on=[USER, ITEM], how="left", maintain_order="left"
    )
    known = known.join(popularity(counts), on=ITEM, how="left", maintain_order="left")
    known = known.with_columns(pl.col(POPULARITY).fill_null(0.0))
    known = known.join(external(items), on=ITEM, how="left", maintain_order="left")
    return known.with_columns(date_affinity(known, ratings, items))


def popularity(counts: pl.DataFrame) -> pl.DataFrame:
    """Item, popularity: log(1 + number of train ratings) as a share of the most rated item's."""
    weight = pl.col(COUNT).cast(pl.Float64).log1p()
    return counts.select(ITEM, (weight / weight.max()).alias(POPULARITY)).sort(ITEM)


def external(items: pl.DataFrame) -> pl.DataFrame:
    """Item, external_quality (as the catalogue has it), external_votes (log of 1 + votes)."""
    votes = pl.col(VOTES).cast(pl.Float64).log1p()
    return items.select(
        ITEM, pl.col(QUALITY).alias(EXTERNAL_QUALITY), votes.alias(EXTERNAL_VOTES)
    ).sort(ITEM)


def date_affinity(pairs: pl.DataFrame, ratings: pl.DataFrame, items: pl.DataFrame) -> pl.Series:
    """How dense a user's train items lie around each pair's year, in [0, 1].

    A Gaussian kernel density over release years (bandwidth 4 years), divided by its highest
    value for that user. Null where the item's year, or every year of the user, is unknown.
    """
    valid = items.select(ITEM, pl.col(YEAR)).filter(pl.col(YEAR).is_between(*YEARS))
    users = pairs.select(pl.col(USER).unique().sort()).with_row_index("row")
    rated = ratings.select(USER, ITEM).join(valid, on=ITEM).join(users, on=USER)
    asked = pairs.select(USER, ITEM).join(valid, on=ITEM, how="left", maintain_order="left")
    asked = asked.join(users, on=USER, how="left", maintain_order="left")
    if rated.is_empty():
        return pl.Series(DATE_AFFINITY, [None] * pairs.height, dtype=pl.Float64)

    density = _density(rated["row"].to_numpy(), rated[YEAR].to_numpy() - YEARS[0], users.height)
    year = asked[YEAR].fill_null(YEARS[0]).to_numpy() - YEARS[0]
    values = density[asked["row"].to_numpy(), year]
    unknown = asked[YEAR].is_null().to_numpy() | np.isnan(values)
    return pl.Series(DATE_AFFINITY, np.where(unknown, np.nan, values), nan_to_null=True)


def _density(rows: np.ndarray, years: np.ndarray, users: int) -> np.ndarray:
    """(users, years) kernel densities with maximum 1 per user; NaN for a user without years."""
    span = YEARS[1] - YEARS[0] + 1
    counts = np.bincount(rows * span + years, minlength=users * span).reshape(users, span)
    distance = np.subtract.outer(np.arange(span), np.arange(span))
    smooth = counts @ np.exp(-0.5 * (distance / BANDWIDTH_YEARS) ** 2)
    highest = smooth.max(axis=1, keepdims=True)
    unknown = np.full_like(smooth, np.nan)
    shares: np.ndarray = np.divide(smooth, highest, out=unknown, where=highest > 0)
    return shares
