"""MovieLens CSV folders as GroupLens publishes them, and optional files about the movies."""

from pathlib import Path

import polars as pl

from tasks.core.vocabulary import (
    DESCRIPTION,
    GENRES,
    ITEM,
    QUALITY,
    RATING,
    TAG,
    TIMESTAMP,
    TITLE,
    TMDB_ID,
    USER,
    VOTES,
    DatasetInfo,
)
from tasks.data.columns import ITEM_COLUMNS, with_ids, with_number
from tasks.data.dropped import Dropped, Rows
from tasks.data.formats.prepare import year_apart
from tasks.data.tables import ROW, RawTables, Table, arrivals, read_ratings, read_table

SCALE = (0.5, 5.0)
RELEVANT_AT = 4.0


ITEMS_FILE = "movies.csv"

EXTRAS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("descriptions.csv", "descriptions", {"description": DESCRIPTION}),
    ("imdb_scores.csv", "IMDb figures", {"imdb_rating": QUALITY, "imdb_votes": VOTES}),
    ("links.csv", "links", {"tmdbId": TMDB_ID}),
)
"""Optional files about movies: name, what their rows are called, and their columns as ours."""


def recognises(folder: Path) -> bool:
    """Whether the folder holds a movies.csv as MovieLens has it."""
    movies = folder / ITEMS_FILE
    if not movies.is_file():
        return False
    with movies.open("rb") as file:
        return file.readline().lstrip(b"\xef\xbb\xbf").startswith(b"movieId,")


def files(folder: Path) -> list[Path]:
    """The files that decide what `read` gives."""
    names = ("ratings.csv", ITEMS_FILE, *(file for file, _, _ in EXTRAS), "tags.csv")
    return [folder / name for name in names if (folder / name).is_file()] + arrivals(folder)


def read(folder: Path) -> RawTables:
    """Read the folder and join what EXTRAS it has; what these say twice or too much is counted."""
    ratings = read_ratings(
        folder / "ratings.csv",
        {"userId": USER, "movieId": ITEM, "rating": RATING, "timestamp": TIMESTAMP},
        optional=frozenset({TIMESTAMP}),
    )
    movies = read_table(folder / ITEMS_FILE, {"movieId": ITEM, "title": TITLE, "genres": GENRES})
    items, dropped = year_apart(movies.frame.lazy()).collect(), Dropped()
    for file, what, names in EXTRAS:
        items, surplus = _join(items, folder / file, names)
        dropped[f"{what} dropped: repeated, or the items file lacks their item"] = surplus
    return RawTables(
        info=describe(folder.name),
        ratings=ratings,
        items=movies.having(items),
        tags=_tags(folder / "tags.csv"),
        dropped=dropped,
        remarks=("MovieLens CSV: ratings.csv, movies.csv",),
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


def _join(items: pl.DataFrame, file: Path, names: dict[str, str]) -> tuple[pl.DataFrame, Rows]:
    """Items with the columns of one optional file, and which of its rows were surplus."""
    if not file.is_file():
        return items, Rows(0)
    extras = read_table(file, {"movieId": ITEM, **names})
    with_ids(extras, ITEM)  # for its check alone: ids are compared as written
    for name in names.values():
        if ITEM_COLUMNS[name].is_numeric():
            extras = with_number(extras, name, ITEM_COLUMNS[name], required=False)
    rows = extras.frame.sort(ROW)
    first = rows.unique(ITEM, keep="first", maintain_order=True)
    wanted = first.join(items.select(ITEM), on=ITEM, how="semi")
    joined = items.join(wanted.drop(ROW), on=ITEM, how="left", maintain_order="left")
    surplus = rows.join(wanted, on=ROW, how="anti")
    return joined, extras.counted(surplus[ROW], ITEM)


def _tags(file: Path) -> Table | None:
    if not file.is_file():
        return None
    return read_table(file, {"userId": USER, "movieId": ITEM, "tag": TAG})
