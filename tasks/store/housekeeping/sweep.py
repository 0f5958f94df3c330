"""Files of a home that no kept run needs. Nothing that costs money to make again is among them.

The ledger, the kept embeddings, what `palate enrich` found, the models, the reports and the results
file are never looked at.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from tasks.core.vocabulary import Record
from tasks.store.housekeeping.kept import Kept, named_in

ARTIFACTS, RESULTS, WORK, PREFECT = "artifacts", "results", "work-seconds", "prefect"
UNFINISHED = "unfinished files"


class Leftover(Record):
    """A file that can go, or a folder of a writer's own."""

    kind: str
    path: Path
    bytes: int


def leftovers(home: Path, kept: Kept) -> list[Leftover]:
    """What can go: results first, so that none is left that names a file which is gone."""
    results = {file: _used(file) >= kept.since for file in _files(home / RESULTS)}
    alive = [file.read_text(encoding="utf-8") for file, stays in results.items() if stays]
    named = kept.named | named_in(alive)
    artifacts = {file: _stays(home, file, kept, named) for file in _files(home / ARTIFACTS)}
    stems = {file.stem for file, stays in artifacts.items() if stays}
    work = {file: file.stem in stems for file in _files(home / WORK)}
    gone = [
        *(_leftover(RESULTS, file) for file, stays in results.items() if not stays),
        *(_leftover(_kind(file), file) for file, stays in artifacts.items() if not stays),
        *(_leftover(WORK, file) for file, stays in work.items() if not stays),
        *(_leftover(PREFECT, file) for file in _files(home / PREFECT)),
    ]
    return gone + [_leftover(UNFINISHED, file) for file in unfinished(home, kept.young)]


def unfinished(home: Path, before: datetime) -> list[Path]:
    """What writers that were killed before that time left behind."""
    folders = [home, *(folder for folder in home.iterdir() if folder.is_dir())]
    folders += [kind for kind in (home / ARTIFACTS).glob("*") if kind.is_dir()]
    found = [file for folder in folders for file in folder.glob(".*.tmp")]
    return sorted(file for file in found if _used(file) < before)


def remove(files: list[Leftover]) -> None:
    """Delete them, in their order."""
    for leftover in files:
        if leftover.path.is_dir():
            shutil.rmtree(leftover.path)
        else:
            leftover.path.unlink(missing_ok=True)


def _stays(home: Path, file: Path, kept: Kept, named: frozenset[str]) -> bool:
    return str(file.relative_to(home)) in named or _used(file) >= kept.since


def _used(file: Path) -> datetime:
    """When it was written, or last taken instead of being made again (see `tasks.core.stage`)."""
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _files(folder: Path) -> list[Path]:
    """Whole files in the folder and one level below, in a fixed order."""
    below = [*folder.glob("*"), *folder.glob("*/*")]
    return sorted(file for file in below if file.is_file() and not file.name.startswith("."))


def _kind(file: Path) -> str:
    return f"{ARTIFACTS}/{file.parent.name}"


def _leftover(kind: str, file: Path) -> Leftover:
    size = sum(one.lstat().st_size for one in [file, *file.rglob("*")])
    return Leftover(kind=kind, path=file, bytes=size)
