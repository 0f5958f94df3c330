"""Our columns made of what a format has in their place."""

from collections.abc import Callable

import polars as pl

from tasks.core.vocabulary import GENRES, TITLE, YEAR

Prepare = Callable[[pl.LazyFrame], pl.LazyFrame]

YEAR_AT_END = r"\((\d{4})(?:[-\x{2013}]\d{0,4})?\)\s*$"
NO_GENRES = "(no genres listed)"
NO_YEARS = ("0", "NULL", "")

_FLAGS = (
    "unknown Action Adventure Animation Children's Comedy Crime Documentary Drama Fantasy Film-Noir"
    " Horror Musical Mystery Romance Sci-Fi Thriller War Western"
)
FLAGS = tuple(_FLAGS.split())
"""MovieLens 100K's genres, in the order of u.genre; the columns 6 to 24 of u.item."""


def year_apart(movies: pl.LazyFrame) -> pl.LazyFrame:
    """Move the year at the end of a title, "Heat (1995)", into its own column."""
    title = pl.col(TITLE).str.strip_chars()
    columns = [
        title.str.extract(YEAR_AT_END).alias(YEAR),
        title.str.replace(YEAR_AT_END, "").str.strip_chars().alias(TITLE),
    ]
    if GENRES in movies.collect_schema():
        genres = pl.col(GENRES)
        columns.append(pl.when(genres != NO_GENRES).then(genres).alias(GENRES))
    return movies.with_columns(columns)


def genres_of_flags(movies: pl.LazyFrame) -> pl.LazyFrame:
    """One column of genres from MovieLens 100K's nineteen of 0 and 1; "unknown" is none."""
    flags = [
        pl.when(pl.col(f"flag {place}") == "1").then(pl.lit(name))
        for place, name in enumerate(FLAGS[1:], start=7)
    ]
    genres = pl.concat_str(flags, separator="|", ignore_nulls=True)
    return movies.with_columns(genres.alias(GENRES)).drop(pl.selectors.starts_with("flag "))


def genres_with_bars(items: pl.LazyFrame) -> pl.LazyFrame:
    """Genres that are parted by commas, by "|"."""
    if GENRES not in items.collect_schema():
        return items
    genres = pl.col(GENRES).cast(pl.String)
    listed = pl.when(~genres.str.contains("|", literal=True))
    parted = listed.then(genres.str.replace_all(r",\s*", "|")).otherwise(genres)
    return items.with_columns(parted.alias(GENRES))


def years_not_zero(items: pl.LazyFrame) -> pl.LazyFrame:
    """Years of 0, or NULL, are not known."""
    if YEAR not in items.collect_schema():
        return items
    year = pl.col(YEAR).cast(pl.String).str.strip_chars()
    return items.with_columns(pl.when(~year.is_in(NO_YEARS)).then(year).alias(YEAR))
