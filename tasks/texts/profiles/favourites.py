"""Automatic preference profiles from a user's top-rated train items (PAPER.md, part 4).

The text is composed; `language` has a model write it anew.
"""

import polars as pl

from tasks.core.vocabulary import (
    FAVOURITES,
    ITEM,
    PRIORITIZE_POPULAR,
    PRIORITIZE_RATINGS,
    QUALITY,
    RATING,
    TEXT,
    TIMESTAMP,
    TITLE,
    USER,
    VOTES,
    YEAR,
    YEAR_HIGH,
    YEAR_LOW,
    ProfileStyle,
)
from tasks.texts.profiles.composed import compose

FAVOURITE_COUNT = 10
WELL_RATED = 7.0
POPULAR = 80.0
VOTES_OF_FULL_POPULARITY = 1_000_000


def make_profiles(
    users: pl.DataFrame,
    ratings: pl.DataFrame,
    items: pl.DataFrame,
    typed: pl.DataFrame | None,
    noun_plural: str,
    this_year: int,
    style: ProfileStyle = "sentence",
) -> pl.DataFrame:
    """One row per user, as `tasks.core.vocabulary.Profile` sorted by user.

    `ratings` must be train ratings only. `typed` (user, text) replaces the composed text. A user
    without ratings gets an empty text, no favourites and no years.
    """
    liked = favourites(users, ratings, items)
    made = (
        users.select(USER)
        .join(compose(style, liked, noun_plural), on=USER, how="left")
        .join(_facts(liked, this_year), on=USER, how="left")
        .sort(USER)
    )
    made = made.with_columns(
        pl.col(TEXT).fill_null(""),
        pl.col(FAVOURITES).fill_null([]),
        pl.col(PRIORITIZE_RATINGS, PRIORITIZE_POPULAR).fill_null(False),
    )
    if typed is not None:
        own = typed.select(USER, pl.col(TEXT).alias("own"))
        made = made.join(own, on=USER, how="left").sort(USER)
        made = made.with_columns(pl.coalesce("own", TEXT).alias(TEXT)).drop("own")
    return made


def favourites(users: pl.DataFrame, ratings: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The 10 top-rated items per user, best first; of equal ratings the latest, then by item id."""
    ranked = ratings.join(users.select(USER), on=USER, how="semi").sort(
        [USER, RATING, TIMESTAMP, ITEM], descending=[False, True, True, False], nulls_last=True
    )
    best = ranked.group_by(USER, maintain_order=True).head(FAVOURITE_COUNT)
    return best.join(items, on=ITEM, how="left", maintain_order="left")


def _facts(liked: pl.DataFrame, this_year: int) -> pl.DataFrame:
    low = (pl.col(YEAR).min() // 10 * 10).clip(upper_bound=this_year)
    high = (-(-pl.col(YEAR).max() // 10) * 10).clip(upper_bound=this_year)
    popularity = (100.0 * pl.col(VOTES) / VOTES_OF_FULL_POPULARITY).clip(upper_bound=100.0)
    return liked.group_by(USER, maintain_order=True).agg(
        pl.struct(ITEM, TITLE, RATING).alias(FAVOURITES),
        low.cast(pl.Int32).alias(YEAR_LOW),
        high.cast(pl.Int32).alias(YEAR_HIGH),
        (pl.col(QUALITY).mean() >= WELL_RATED).alias(PRIORITIZE_RATINGS),
        (popularity.mean() >= POPULAR).alias(PRIORITIZE_POPULAR),
    )
