"""Automatic preference profiles from a user's top-rated train items (PAPER.md, part 4).

The text is composed; `language` has a model write it anew.
"""

import hashlib

import polars as pl

from tasks.core.vocabulary import (
    DISLIKED,
    DISLIKES,
    FAVOURITES,
    ITEM,
    PRIORITIZE_POPULAR,
    PRIORITIZE_RATINGS,
    PROFILE_HASH,
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
DISLIKED_COUNT = 10
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
    """One row per user, as `tasks.core.vocabulary.Profile` plus its hash, sorted by user.

    `ratings` must be train ratings only. `typed` (user, text) replaces the composed text. A user
    without ratings gets an empty text, no favourites and no years.
    """
    liked = favourites(users, ratings, items)
    disliked = dislikes(ratings, items, liked)
    if style in {"sentence", "favourites"}:
        disliked = disliked.clear()
    made = (
        users.select(USER)
        .join(compose(style, liked, disliked, noun_plural), on=USER, how="left")
        .join(_facts(liked, this_year), on=USER, how="left")
        .join(_named(disliked, DISLIKED), on=USER, how="left")
        .sort(USER)
    )
    made = made.with_columns(
        pl.col(TEXT, DISLIKES).fill_null(""),
        pl.col(FAVOURITES, DISLIKED).fill_null([]),
        pl.col(PRIORITIZE_RATINGS, PRIORITIZE_POPULAR).fill_null(False),
    )
    if typed is not None:
        said = typed.select(USER, pl.col(TEXT).alias("said"))
        made = made.join(said, on=USER, how="left").sort(USER)
        made = made.with_columns(pl.coalesce("said", TEXT).alias(TEXT)).drop("said")
    return made.with_columns(hashes(made))


def favourites(users: pl.DataFrame, ratings: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """The 10 top-rated items per user, best first; of equal ratings the latest, then by item id."""
    ranked = ratings.join(users.select(USER), on=USER, how="semi").sort(
        [USER, RATING, TIMESTAMP, ITEM], descending=[False, True, True, False], nulls_last=True
    )
    best = ranked.group_by(USER, maintain_order=True).head(FAVOURITE_COUNT)
    return best.join(items, on=ITEM, how="left", maintain_order="left")


def dislikes(ratings: pl.DataFrame, items: pl.DataFrame, liked: pl.DataFrame) -> pl.DataFrame:
    """Up to 10 items per user of `liked` rated below the user's mean, worst first; no favourites.

    Of equal ratings the latest, then by item id.
    """
    theirs = ratings.join(liked.select(USER).unique(), on=USER, how="semi")
    low = theirs.filter(pl.col(RATING) < pl.col(RATING).mean().over(USER))
    others = low.join(liked.select(USER, ITEM), on=[USER, ITEM], how="anti").sort(
        [USER, RATING, TIMESTAMP, ITEM], descending=[False, False, True, False], nulls_last=True
    )
    worst = others.group_by(USER, maintain_order=True).head(DISLIKED_COUNT)
    return worst.join(items, on=ITEM, how="left", maintain_order="left")


def _named(some: pl.DataFrame, column: str) -> pl.DataFrame:
    listed = pl.struct(ITEM, TITLE, RATING).alias(column)
    return some.group_by(USER, maintain_order=True).agg(listed)


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


def hashes(profiles: pl.DataFrame) -> pl.Series:
    """Hash of all that each profile says, but for whose it is."""
    told = profiles.select(
        pl.struct(pl.exclude(USER, PROFILE_HASH)).struct.json_encode()
    ).to_series()
    digests = [hashlib.sha256(line.encode()).hexdigest() for line in told]
    return pl.Series(PROFILE_HASH, digests, dtype=pl.String)
