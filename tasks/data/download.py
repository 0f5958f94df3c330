"""Data sets fetched by name: downloaded once, checked for what they must hold, then remembered."""

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pooch

from tasks.core.errors import DownloadError
from tasks.core.files import replacing, sha256_of


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
    expected, found = record.read_text(encoding="utf-8").strip(), sha256_of(archive)
    if found != expected:
        raise DownloadError(
            f"{archive}: sha256 is {found}, but {expected} was recorded when it first arrived.",
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
        found = sum(1 for line in (folder / file).read_bytes().splitlines() if line) - 1
        if found != expected:
            _refuse(archive, f"{file} holds {found:,} records instead of {expected:,}")
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
