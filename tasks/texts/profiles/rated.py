"""A dozen of each person's train ratings, which show what they like better than any words."""

import polars as pl

from tasks.core.vocabulary import (
    GENRES,
    ITEM,
    MEAN_RATING,
    RATED,
    RATING,
    TEXT,
    TIMESTAMP,
    TITLE,
    USER,
    YEAR,
)

SHOWN = 12

_NEWEST_FIRST = pl.col(TIMESTAMP).is_null(), -pl.col(TIMESTAMP), pl.col(ITEM)


def with_rated(
    profiles: pl.DataFrame,
    ratings: pl.DataFrame,
    items: pl.DataFrame,
    typed: pl.DataFrame | None,
) -> pl.DataFrame:
    """The profiles with the columns `rated`, newest first, and `mean_rating`.

    `ratings` must be train ratings only. The text is what somebody `typed` (user, text), or empty.
    """
    theirs = ratings.join(profiles.select(USER), on=USER, how="semi")
    shown = some_ratings(theirs).join(items, on=ITEM, how="left", maintain_order="left")
    listed = shown.group_by(USER, maintain_order=True).agg(
        pl.struct(TITLE, YEAR, GENRES, RATING).alias(RATED)
    )
    means = theirs.group_by(USER).agg(pl.col(RATING).mean().alias(MEAN_RATING))
    own = profiles.select(USER, pl.lit("").alias(TEXT)) if typed is None else typed
    return (
        profiles.drop(TEXT)
        .join(own.select(USER, TEXT), on=USER, how="left")
        .join(listed, on=USER, how="left")
        .join(means, on=USER, how="left")
        .with_columns(pl.col(TEXT).fill_null(""), pl.col(RATED).fill_null([]))
        .sort(USER)
    )


def some_ratings(ratings: pl.DataFrame) -> pl.DataFrame:
    """At most 12 ratings per user, newest first: half from their mean on, half below.

    Of each half the newest; where one has fewer, there are more of the other.
    """
    high = pl.col(RATING) >= pl.col(RATING).mean().over(USER)
    ordered = ratings.with_columns(high.alias("high")).sort(USER, *_NEWEST_FIRST)
    place = pl.int_range(pl.len()).over(USER, "high")
    chosen = (
        ordered.with_columns((place >= SHOWN // 2).alias("spare"))
        .sort(USER, "spare", *_NEWEST_FIRST)
        .group_by(USER, maintain_order=True)
        .head(SHOWN)
    )
    return chosen.sort(USER, *_NEWEST_FIRST).drop("high", "spare")
