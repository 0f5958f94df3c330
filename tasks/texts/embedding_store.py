"""Vectors kept by content hash, so that no text is ever embedded twice."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from filelock import FileLock

from tasks.core.errors import StoreError
from tasks.core.full_disk import watching_disk
from tasks.core.progress import bar
from tasks.texts.embedder import WIDTH, Embedder, Vectors

ASKED_AT_ONCE = 500
VECTOR_BYTES = WIDTH * np.dtype(np.float32).itemsize
KEPT_AT_ONCE = 32
"""Batches per commit: what a kill can lose."""


class EmbeddingStore:
    """A SQLite file from sha256 (model version and text) to vector; a kill loses only a batch."""

    def __init__(self, file: Path, embedder: Embedder) -> None:
        self._file = file
        self._embedder = embedder

    def vectors(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """Text to vector (384,), embedding only what is not kept yet."""
        wanted = {self._key(text): text for text in dict.fromkeys(texts)}
        with self._open() as database:
            kept = _read(database, list(wanted))
            if len(kept) < len(wanted):
                with FileLock(f"{self._file}.lock"):
                    kept |= self._make(database, {k: t for k, t in wanted.items() if k not in kept})
        return {text: kept[key] for key, text in wanted.items()}

    def matrix(self, texts: Sequence[str]) -> Vectors:
        """The vectors (len(texts), 384) in the order of the texts."""
        known = self.vectors(texts)
        row = np.dtype((np.float32, WIDTH))
        return np.fromiter((known[text] for text in texts), row, len(texts))

    def _make(self, database: sqlite3.Connection, wanted: dict[str, str]) -> dict[str, Vectors]:
        """Chunks side by side want the same texts: the second finds what the first embedded."""
        kept = _read(database, list(wanted))
        missing = {key: text for key, text in wanted.items() if key not in kept}
        if missing:
            with bar("embedding texts", total=len(missing)) as advance:
                kept |= self._embed(database, missing, advance)
        return kept

    def _embed(
        self, database: sqlite3.Connection, missing: dict[str, str], advance: Callable[[int], None]
    ) -> dict[str, Vectors]:
        keys = list(missing)
        made: dict[str, Vectors] = {}
        waiting: list[tuple[str, bytes]] = []
        for positions, vectors in self._embedder.embed(list(missing.values())):
            fresh = {keys[p]: vector for p, vector in zip(positions, vectors, strict=True)}
            made |= fresh
            waiting += [(key, vector.tobytes()) for key, vector in fresh.items()]
            if len(waiting) >= KEPT_AT_ONCE * len(positions):
                _keep(database, waiting)
                waiting = []
            advance(len(fresh))
        _keep(database, waiting)
        return made

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self._embedder.version}\n{text}".encode()).hexdigest()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                watching_disk(self._file.parent),
                closing(sqlite3.connect(self._file, timeout=60)) as database,
            ):
                if not _is_prepared(database):
                    with FileLock(f"{self._file}.lock"):  # SQLite's own waiting knows no WAL
                        _prepare(database)
                yield database
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._file}: the kept embeddings cannot be used ({error}).",
                "If the file is damaged, delete it: texts are embedded again.",
            ) from error


def _is_prepared(database: sqlite3.Connection) -> bool:
    (mode,) = database.execute("PRAGMA journal_mode").fetchone()
    return bool(mode == "wal")


def _prepare(database: sqlite3.Connection) -> None:
    """Make the table, and last let readers and a writer work side by side."""
    database.execute(
        "CREATE TABLE IF NOT EXISTS vectors"
        " (key TEXT PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"
    )
    database.execute("PRAGMA journal_mode=WAL")


def _read(database: sqlite3.Connection, keys: list[str]) -> dict[str, Vectors]:
    found: dict[str, Vectors] = {}
    for start in range(0, len(keys), ASKED_AT_ONCE):
        some = keys[start : start + ASKED_AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)
        whole = ((key, blob) for key, blob in rows if len(blob) == VECTOR_BYTES)
        found |= {key: np.frombuffer(blob, dtype=np.float32) for key, blob in whole}
    return found


def _keep(database: sqlite3.Connection, rows: list[tuple[str, bytes]]) -> None:
    with database:
        database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)


def text_vectors(home: Path, texts: Sequence[str]) -> Vectors:
    """Unit vectors (len(texts), 384) of the texts, in their order; each is embedded once."""
    return store_of(home).matrix(texts)


@lru_cache
def store_of(home: Path) -> EmbeddingStore:
    """The kept vectors of a home."""
    return EmbeddingStore(home / "embeddings.sqlite", Embedder())
