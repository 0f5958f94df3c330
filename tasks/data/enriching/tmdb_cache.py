"""TMDB's answers, kept one by one as they arrive, so that nothing is asked twice."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tasks.data.enriching.errors import TmdbCacheError
from tasks.data.enriching.records import Answer, Lookup, Movie, name_of

LONGEST_KEPT = timedelta(days=180)
"""TMDB's terms allow no copy older than six months."""

_Movies = TypeAdapter(tuple[Movie, ...])


class TmdbCache:
    """A SQLite file from question to answer; "no such movie" is an answer too."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def fresh(self, lookups: Iterable[Lookup], now: datetime) -> dict[Lookup, Answer]:
        """The answers that are kept and not too old; a damaged one counts as not kept."""
        found = {}
        for lookup in lookups:
            answer = self._read(lookup)
            if answer is not None and now - answer.fetched_at < LONGEST_KEPT:
                found[lookup] = answer
        return found

    def keep(self, lookup: Lookup, answer: Answer) -> None:
        """Commit one answer."""
        movies = _Movies.dump_json(answer.movies).decode()
        row = (name_of(lookup), movies, answer.fetched_at.isoformat())
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row)

    def _read(self, lookup: Lookup) -> Answer | None:
        asked = "SELECT movies, fetched_at FROM answers WHERE lookup = ?"
        row = self._database.execute(asked, [name_of(lookup)]).fetchone()
        if row is None:
            return None
        try:
            movies = _Movies.validate_json(row[0])
            return Answer(movies=movies, fetched_at=datetime.fromisoformat(row[1]))
        except (ValidationError, ValueError):
            return None


@contextmanager
def open_cache(file: Path) -> Iterator[TmdbCache]:
    """Open the file, made if it is not there. Raises TmdbCacheError when it cannot be used."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(file, timeout=60)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS answers (lookup TEXT PRIMARY KEY,"
                " movies TEXT NOT NULL, fetched_at TEXT NOT NULL) WITHOUT ROWID"
            )
            yield TmdbCache(database)
    except sqlite3.DatabaseError as error:
        raise TmdbCacheError(
            f"{file}: TMDB's kept answers cannot be used ({error}).",
            "If the file is damaged, delete it: TMDB is asked again.",
        ) from error
