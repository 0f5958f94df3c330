"""MovieLens CSV folders as GroupLens publishes them, with optional plots, IMDb figures and tags."""

from pathlib import Path

import polars as pl

from tasks.ingest.tables import ROW, RawTables, Table, read_table
from tasks.ingest.validate import with_number
from tasks.vocabulary import (
    DESCRIPTION,
    GENRES,
    ITEM,
    ITEM_COLUMNS,
    QUALITY,
    RATING,
    TAG,
    TIMESTAMP,
    TITLE,
    USER,
    VOTES,
    YEAR,
    DatasetInfo,
)

SCALE = (0.5, 5.0)
RELEVANT_AT = 4.0
_YEAR_AT_END = r"\((\d{4})(?:[-\x{2013}]\d{0,4})?\)\s*$"
_NO_GENRES = "(no genres listed)"


def recognises(folder: Path) -> bool:
    """Whether the folder holds movies.csv, or a ratings.csv with MovieLens' first column."""
    ratings = folder / "ratings.csv"
    if (folder / "movies.csv").is_file() or not ratings.is_file():
        return (folder / "movies.csv").is_file()
    with ratings.open("rb") as file:
        return file.readline().startswith(b"userId,")


def files(folder: Path) -> list[Path]:
    """The files that decide what `read` gives."""
    names = ("ratings.csv", "movies.csv", "descriptions.csv", "imdb_scores.csv", "tags.csv")
    return [folder / name for name in names if (folder / name).is_file()]


def read(folder: Path) -> RawTables:
    """Read the folder; `imdb_rating` becomes quality, `imdb_votes` votes."""
    ratings = read_table(
        folder / "ratings.csv",
        {"userId": USER, "movieId": ITEM, "rating": RATING, "timestamp": TIMESTAMP},
        optional=frozenset({TIMESTAMP}),
    )
    movies = read_table(folder / "movies.csv", {"movieId": ITEM, "title": TITLE, "genres": GENRES})
    items = split_titles(movies.frame)
    items = _join(items, folder / "descriptions.csv", {"description": DESCRIPTION})
    items = _join(items, folder / "imdb_scores.csv", {"imdb_rating": QUALITY, "imdb_votes": VOTES})
    return RawTables(
        info=describe(folder.name),
        ratings=ratings,
        items=movies.having(items),
        tags=_tags(folder / "tags.csv"),
    )


def describe(name: str) -> DatasetInfo:
    """What every MovieLens edition says of itself."""
    return DatasetInfo(
        name=name,
        noun="movie",
        noun_plural="movies",
        scale=SCALE,
        relevant_at=RELEVANT_AT,
        source="GroupLens, MovieLens (https://grouplens.org/datasets/movielens/)",
        terms="research use with citation; no redistribution without permission",
    )


def split_titles(movies: pl.DataFrame) -> pl.DataFrame:
    """Move the year at the end of a title, "Heat (1995)", into its own column."""
    title = pl.col(TITLE).str.strip_chars()
    genres = pl.col(GENRES)
    return movies.with_columns(
        title.str.extract(_YEAR_AT_END).alias(YEAR),
        title.str.replace(_YEAR_AT_END, "").str.strip_chars().alias(TITLE),
        pl.when(genres != _NO_GENRES).then(genres).alias(GENRES),
    )


def _join(items: pl.DataFrame, file: Path, names: dict[str, str]) -> pl.DataFrame:
    if not file.is_file():
        return items
    extra = read_table(file, {"movieId": ITEM, **names})
    for name in names.values():
        if ITEM_COLUMNS[name].is_numeric():
            extra = with_number(extra, name, ITEM_COLUMNS[name], required=False)
    first = extra.frame.drop(ROW).unique(ITEM, keep="first", maintain_order=True)
    return items.join(first, on=ITEM, how="left", maintain_order="left")


def _tags(file: Path) -> Table | None:
    if not file.is_file():
        return None
    return read_table(file, {"userId": USER, "movieId": ITEM, "tag": TAG})
