"""Files that stages hand to each other: written whole or not at all, named by their content."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl
from pyarrow.parquet import read_metadata
from pydantic import BaseModel

from tasks.core.files import replacing, sha256_of, sync
from tasks.core.full_disk import watching_disk
from tasks.core.storage import storage_of
from tasks.core.vocabulary import Artifact

ROW_GROUP = 250_000
"""Rows of a large table that are read or skipped together, so that few users are read fast."""


def write_table(home: Path, kind: str, frame: pl.DataFrame) -> Artifact:
    """Write a Parquet file; the same rows give the same path, so a repeat costs no space."""
    write = partial(frame.write_parquet, row_group_size=ROW_GROUP)
    return _write(home, kind, ".parquet", frame.height, write)


def sink_table(home: Path, kind: str, rows: pl.LazyFrame) -> Artifact:
    """As `write_table`, of rows that need not fit in memory."""
    write = partial(rows.sink_parquet, row_group_size=ROW_GROUP, engine="streaming")
    return _write(home, kind, ".parquet", None, write)


@contextmanager
def scratch(home: Path, kind: str) -> Iterator[Path]:
    """Give the stem of private files beside those of `kind`; they are removed at the end.

    So are the folders, where nothing else is in them.
    """
    folder = home / "artifacts" / kind
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f".{uuid4().hex}"
    try:
        yield stem
    finally:
        for file in folder.glob(f"{stem.name}*"):
            file.unlink()
        with suppress(OSError):  # not empty
            folder.rmdir()
            folder.parent.rmdir()


def read_table(home: Path, artifact: Artifact) -> pl.DataFrame:
    """Read what `write_table` wrote."""
    return pl.read_parquet(local(home, artifact))


def scan_table(home: Path, artifact: Artifact) -> pl.LazyFrame:
    """The same without reading more than what is asked of it."""
    return pl.scan_parquet(local(home, artifact))


def write_arrays(home: Path, kind: str, rows: int, arrays: dict[str, np.ndarray]) -> Artifact:
    """Write named NumPy arrays as one .npz file (no pickles)."""
    return _write(home, kind, ".npz", rows, lambda path: _save_arrays(path, arrays))


def read_arrays(home: Path, artifact: Artifact) -> dict[str, np.ndarray]:
    """Read what `write_arrays` wrote."""
    with np.load(local(home, artifact), allow_pickle=False) as stored:
        return dict(stored)


def is_intact(home: Path, artifact: Artifact) -> bool:
    """Whether the file is there and still holds what was written."""
    path = local(home, artifact)
    return path.is_file() and sha256_of(path) == artifact.sha256


def local(home: Path, artifact: Artifact) -> Path:
    """Where the file lies on this machine, fetched first if it is on shared storage only."""
    path = artifact.at(home)
    if not path.is_file():
        storage_of(home).fetch(artifact)
    return path


def artifacts_in(result: object) -> Iterator[Artifact]:
    """Every artifact in a task's result: the result itself, or what its parts hold."""
    if isinstance(result, Artifact):
        yield result
    elif isinstance(result, BaseModel):
        for field in type(result).model_fields:
            yield from artifacts_in(getattr(result, field))
    elif isinstance(result, Mapping):
        yield from artifacts_in(list(result.values()))
    elif isinstance(result, list | tuple):
        for member in result:
            yield from artifacts_in(member)


def note_work(home: Path, artifact: Artifact, seconds: float) -> None:
    """Remember how long it took to make the file."""
    with replacing(_work_file(home, artifact)) as private:
        private.write_text(f"{seconds:.6f}\n", encoding="utf-8")


def work_of(home: Path, artifact: Artifact) -> float:
    """Seconds it took to make the file; 0 where nobody noted it."""
    file = _work_file(home, artifact)
    return float(file.read_text(encoding="utf-8")) if file.is_file() else 0.0


def _work_file(home: Path, artifact: Artifact) -> Path:
    return home / "work-seconds" / Path(artifact.path).with_suffix(".txt").name


def _save_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    path.write_bytes(buffer.getvalue())


def _write(
    home: Path, kind: str, suffix: str, rows: int | None, write: Callable[[Path], Any]
) -> Artifact:
    """Without `rows` the file tells how many it has."""
    folder = home / "artifacts" / kind
    folder.mkdir(parents=True, exist_ok=True)
    private = folder / f".{uuid4().hex}.tmp"
    try:
        with watching_disk(folder):
            write(private)
            digest = sha256_of(private)
            rows = rows if rows is not None else read_metadata(private).num_rows
            target = folder / f"{digest[:24]}{suffix}"
            sync(private)
            private.replace(target)
            sync(folder)
    finally:
        private.unlink(missing_ok=True)
    path = str(target.relative_to(home))
    storage_of(home).share(path)
    return Artifact(path=path, sha256=digest, rows=rows)
