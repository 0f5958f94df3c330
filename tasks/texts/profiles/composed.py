"""The text of a profile, composed from titles, genres, years and descriptions, without a model.

Dislikes stand apart: in one text with the likes they would draw an embedding towards themselves.
Moods and people are left to a language model: the catalogue says nothing of them.
"""

import polars as pl

from tasks.core.vocabulary import (
    DESCRIPTION,
    DISLIKES,
    GENRES,
    TEXT,
    TITLE,
    USER,
    YEAR,
    ProfileStyle,
)

NAMED_GENRES = 3
NAMED_ERAS = 2
NAMED_DISLIKED = 3
QUOTED_DESCRIPTIONS = 3
QUOTED_CHARACTERS = 160
MORE_OFTEN = 0.05
"""How much larger a genre's share must be on one side to tell the two apart."""

_LABEL = pl.coalesce(pl.format("{} ({})", TITLE, YEAR), pl.col(TITLE))


def compose(
    style: ProfileStyle, liked: pl.DataFrame, disliked: pl.DataFrame, noun_plural: str
) -> pl.DataFrame:
    """User, text, dislikes of everybody with favourites; both tables hold items, best first.

    `contrastive` names genres that one side has more of than the other, `structured` and
    `sentence` the most frequent. Of `favourites` nothing is said: the items speak for themselves.
    """
    if style == "favourites":
        silent = [pl.lit("").alias(column) for column in (TEXT, DISLIKES)]
        return liked.select(pl.col(USER).unique(maintain_order=True)).with_columns(silent)
    more, less = (
        _genres_apart(liked, disliked)
        if style == "contrastive"
        else (
            _top(_counted(liked)),
            _top(_counted(disliked)),
        )
    )
    text = _labelled(liked, more) if style == "structured" else _said(liked, more, noun_plural)
    return text.join(_dislikes(disliked, less), on=USER, how="left")


def _said(liked: pl.DataFrame, genres: pl.DataFrame, noun_plural: str) -> pl.DataFrame:
    titles = pl.format("My favourite " + noun_plural + " are {}.", _LABEL.str.join("; "))
    quoted = pl.col(DESCRIPTION).drop_nulls().head(QUOTED_DESCRIPTIONS)
    parts = liked.group_by(USER, maintain_order=True).agg(
        titles.alias("titles"),
        quoted.str.slice(0, QUOTED_CHARACTERS).str.join(" ... ").alias("stories"),
    )
    return parts.join(genres, on=USER, how="left").select(
        USER,
        pl.concat_str(
            pl.when(pl.col(GENRES).is_not_null()).then(pl.format("I like {}. ", GENRES)),
            "titles",
            pl.when(pl.col("stories") != "").then(pl.format(" I enjoy: {}", "stories")),
            ignore_nulls=True,
        ).alias(TEXT),
    )


def _labelled(liked: pl.DataFrame, genres: pl.DataFrame) -> pl.DataFrame:
    titles = liked.group_by(USER, maintain_order=True).agg(_LABEL.str.join("; ").alias("titles"))
    parts = titles.join(genres, on=USER, how="left").join(_eras(liked), on=USER, how="left")
    return parts.select(
        USER,
        pl.concat_str(
            pl.format("Likes: {}. ", GENRES),
            pl.format("Eras: {}. ", YEAR),
            pl.format("Favourites: {}.", "titles"),
            ignore_nulls=True,
        ).alias(TEXT),
    )


def _dislikes(disliked: pl.DataFrame, genres: pl.DataFrame) -> pl.DataFrame:
    """Such as "Horror, War; such as Saw (2004)."."""
    titles = disliked.group_by(USER, maintain_order=True).agg(
        pl.format("such as {}.", _LABEL.head(NAMED_DISLIKED).str.join(", ")).alias("titles")
    )
    parts = titles.join(genres, on=USER, how="left")
    said = pl.concat_str(pl.format("{}; ", GENRES), "titles", ignore_nulls=True)
    return parts.select(USER, said.alias(DISLIKES))


def _eras(liked: pl.DataFrame) -> pl.DataFrame:
    """The decades that most favourites are from, as in "1990s, 1980s"; of equal ones the later."""
    decades = liked.drop_nulls(YEAR).select(USER, pl.col(YEAR) // 10 * 10)
    counted = decades.group_by(USER, YEAR).len()
    ranked = counted.sort([USER, "len", YEAR], descending=[False, True, True])
    top = ranked.group_by(USER, maintain_order=True).head(NAMED_ERAS)
    return top.group_by(USER, maintain_order=True).agg(pl.format("{}s", YEAR).str.join(", "))


def _genres_apart(liked: pl.DataFrame, disliked: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Per user the genres with the larger share among the liked, and among the disliked."""
    both = _shares(liked).join(_shares(disliked), on=[USER, GENRES], how="full", coalesce=True)
    apart = both.select(
        USER, GENRES, (pl.col("len").fill_null(0) - pl.col("len_right").fill_null(0)).alias("len")
    )
    more = apart.filter(pl.col("len") > MORE_OFTEN)
    less = apart.filter(pl.col("len") < -MORE_OFTEN).with_columns(-pl.col("len"))
    return _top(more), _top(less)


def _shares(some: pl.DataFrame) -> pl.DataFrame:
    """User, genre, and as "len" the share of the user's items that have it."""
    items = some.group_by(USER).len("items")
    share = (pl.col("len") / pl.col("items")).alias("len")
    return _counted(some).join(items, on=USER).select(USER, GENRES, share)


def _counted(some: pl.DataFrame) -> pl.DataFrame:
    named = some.select(USER, pl.col(GENRES).str.split("|")).explode(GENRES).drop_nulls()
    return named.group_by(USER, GENRES).len()


def _top(counted: pl.DataFrame) -> pl.DataFrame:
    ranked = counted.sort([USER, "len", GENRES], descending=[False, True, False])
    top = ranked.group_by(USER, maintain_order=True).head(NAMED_GENRES)
    return top.group_by(USER, maintain_order=True).agg(pl.col(GENRES).str.join(", "))
