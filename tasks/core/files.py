"""Files that are written whole or not at all, and the hash of what a file holds."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tasks.core.full_disk import watching_disk


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a private path; on success fsync it and rename it to `target`, else remove it.

    Raises DiskFullError where the disk is full, before the private file gives its space back.
    """
    private = target.with_name(f".{target.name}.{uuid4().hex}.tmp")
    try:
        with watching_disk(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            yield private
            sync(private)
            private.replace(target)
            sync(target.parent)
    finally:
        private.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Force a file's content, or a folder's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Content hash of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
