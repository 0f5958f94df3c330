"""The text of a profile, composed from titles, genres, years and descriptions, without a model."""

import polars as pl

from tasks.core.vocabulary import DESCRIPTION, GENRES, TEXT, TITLE, USER, YEAR, ProfileStyle

NAMED_GENRES = 3
QUOTED_DESCRIPTIONS = 3
QUOTED_CHARACTERS = 160

_LABEL = pl.coalesce(pl.format("{} ({})", TITLE, YEAR), pl.col(TITLE))


def compose(style: ProfileStyle, liked: pl.DataFrame, noun_plural: str) -> pl.DataFrame:
    """User and text of everybody with favourites; `liked` holds these, best first.

    Of `favourites` nothing is said: the items speak for themselves.
    """
    if style == "favourites":
        users = liked.select(pl.col(USER).unique(maintain_order=True))
        return users.with_columns(pl.lit("").alias(TEXT))
    titles = pl.format("My favourite " + noun_plural + " are {}.", _LABEL.str.join("; "))
    quoted = pl.col(DESCRIPTION).drop_nulls().head(QUOTED_DESCRIPTIONS)
    parts = liked.group_by(USER, maintain_order=True).agg(
        titles.alias("titles"),
        quoted.str.slice(0, QUOTED_CHARACTERS).str.join(" ... ").alias("stories"),
    )
    return parts.join(_top_genres(liked), on=USER, how="left").select(
        USER,
        pl.concat_str(
            pl.when(pl.col(GENRES).is_not_null()).then(pl.format("I like {}. ", GENRES)),
            "titles",
            pl.when(pl.col("stories") != "").then(pl.format(" I enjoy: {}", "stories")),
            ignore_nulls=True,
        ).alias(TEXT),
    )


def _top_genres(liked: pl.DataFrame) -> pl.DataFrame:
    """The most frequent genres per user, as in "Drama, Comedy"."""
    named = liked.select(USER, pl.col(GENRES).str.split("|")).explode(GENRES).drop_nulls()
    counted = named.group_by(USER, GENRES).len()
    ranked = counted.sort([USER, "len", GENRES], descending=[False, True, False])
    top = ranked.group_by(USER, maintain_order=True).head(NAMED_GENRES)
    return top.group_by(USER, maintain_order=True).agg(pl.col(GENRES).str.join(", "))
