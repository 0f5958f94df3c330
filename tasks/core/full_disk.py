"""A full disk: told from whatever a library says of it, and said in one line."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tasks.core.errors import DiskFullError, PalateError

NUMBERS = {errno.ENOSPC, errno.EDQUOT}
TEXTS = (
    *("No space left on device", "os error 28"),  # the system; Rust, where polars gives no number
    *("Disk quota exceeded", "os error 122"),
    "database or disk is full",  # SQLite
)

LEAST = 100_000
"""Bytes with which nothing starts."""


@contextmanager
def watching_disk(folder: Path) -> Iterator[None]:
    """Raise DiskFullError for any error that says so; `folder` is where the work writes."""
    try:
        yield
    except Exception as error:
        if isinstance(error, DiskFullError) or not is_full(error):
            raise
        raise disk_full(error, folder) from error


def check_room(folder: Path) -> None:
    """Raise DiskFullError where what failed without a word had no room to write at all."""
    if shutil.disk_usage(_existing(folder)).free < LEAST:
        raise _named([folder])


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what it was raised from, is that a disk is full.

    Of our own errors only what they were raised from counts: their text may quote another machine.
    """
    while error is not None:
        if isinstance(error, OSError) and error.errno in NUMBERS:
            return True
        said = "" if isinstance(error, PalateError) else str(error)
        if any(text in said for text in TEXTS):
            return True
        error = error.__cause__
    return False


def disk_full(error: BaseException, folder: Path) -> DiskFullError:
    """What to say: of the file that the error names, else of the fullest disk that is written to.

    That is the one of `folder`, or that of temporary files.
    """
    named = error.filename if isinstance(error, OSError) else None
    places = [Path(os.fsdecode(named))] if isinstance(named, str | bytes) else []
    return _named(places or [folder, Path(tempfile.gettempdir())])


def _named(places: Sequence[Path]) -> DiskFullError:
    place = min(map(_existing, places), key=lambda there: shutil.disk_usage(there).free)
    usage = shutil.disk_usage(place)
    return DiskFullError(
        f"The disk of {place} is full: {_megabytes(usage.free)} of {_megabytes(usage.total)} MB"
        f" are free on {_mount(place)}.",
        "Make room there (`palate gc` removes what no run needs), then run the same command"
        " again: it carries on, and nothing is half-written.",
    )


def _existing(place: Path) -> Path:
    """The folder that a path is in, or the nearest above it that is there."""
    place = place.absolute()
    return next(above for above in (place, *place.parents) if above.is_dir())


def _mount(folder: Path) -> Path:
    folder = folder.resolve()
    return next(above for above in (folder, *folder.parents) if above.is_mount())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}"
