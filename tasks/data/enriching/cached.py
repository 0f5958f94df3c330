"""Asking TMDB many things at once; what was answered is kept, so that nothing is asked twice."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr, TypeAdapter, ValidationError

from tasks.core.errors import StoreError
from tasks.core.full_disk import watching_disk
from tasks.core.progress import bar
from tasks.data.enriching.records import Answer, Lookup, Movie, name_of
from tasks.data.enriching.tmdb import TmdbPace, open_tmdb

CACHE = "tmdb.sqlite"
LONGEST_KEPT = timedelta(days=180)
"""TMDB's terms allow no copy older than six months."""

_Movies = TypeAdapter(tuple[Movie, ...])


class TmdbCache:
    """A SQLite file from question to answer; "no such movie" is an answer too."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def fresh(self, lookups: Iterable[Lookup], now: datetime) -> dict[Lookup, Answer]:
        """The answers that are kept and not too old; a damaged one counts as not kept."""
        answers = {lookup: self._read(lookup) for lookup in lookups}
        oldest = now - LONGEST_KEPT
        return {
            one: answer for one, answer in answers.items() if answer and answer.fetched_at > oldest
        }

    def keep(self, lookup: Lookup, answer: Answer) -> None:
        """Commit one answer."""
        movies = _Movies.dump_json(answer.movies).decode()
        row = (name_of(lookup), movies, answer.fetched_at.isoformat())
        with self._database:
            self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row)

    def _read(self, lookup: Lookup) -> Answer | None:
        statement = "SELECT movies, fetched_at FROM answers WHERE lookup = ?"
        row = self._database.execute(statement, [name_of(lookup)]).fetchone()
        if row is None:
            return None
        try:
            movies = _Movies.validate_json(row[0])
            return Answer(movies=movies, fetched_at=datetime.fromisoformat(row[1]))
        except (ValidationError, ValueError):
            return None


@contextmanager
def open_cache(file: Path) -> Iterator[TmdbCache]:
    """Open the file, made if it is not there. Raises StoreError when it cannot be used."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with watching_disk(file.parent), closing(sqlite3.connect(file, timeout=60)) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS answers (lookup TEXT PRIMARY KEY,"
                " movies TEXT NOT NULL, fetched_at TEXT NOT NULL) WITHOUT ROWID"
            )
            yield TmdbCache(database)
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"{file}: TMDB's kept answers cannot be used ({error}).",
            "If the file is damaged, delete it: TMDB is asked again.",
        ) from error


class CachedTmdb:
    """TMDB behind the cache in `home`; each answer is committed before the next is asked for."""

    def __init__(
        self,
        home: Path,
        url: str,
        key: SecretStr,
        pace: TmdbPace | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file, self._url, self._key = home / CACHE, url, key
        self._pace = pace or TmdbPace()
        self.now = clock  # the time by which answers are new or old

    def answers(self, lookups: Sequence[Lookup]) -> dict[Lookup, Answer]:
        """Every lookup's answer.

        Raises ServiceError, and StoreError when the file of kept answers cannot be used; what
        was answered until then stays kept.
        """
        wanted = list(dict.fromkeys(lookups))
        with open_cache(self._file) as cache:
            answers = cache.fresh(wanted, self.now())
            missing = [lookup for lookup in wanted if lookup not in answers]
            if missing:
                with bar("asking TMDB", total=len(missing)) as advance:
                    asyncio.run(self._ask(missing, cache, answers, advance))
        return answers

    async def _ask(
        self,
        missing: Sequence[Lookup],
        cache: TmdbCache,
        answers: dict[Lookup, Answer],
        advance: Callable[[int], None],
    ) -> None:
        async def work(mine: Iterator[Lookup]) -> None:
            for lookup in mine:
                answer = Answer(movies=await tmdb.ask(lookup), fetched_at=self.now())
                cache.keep(lookup, answer)
                answers[lookup] = answer
                advance(1)

        async with open_tmdb(self._url, self._key, self._pace) as tmdb:
            queue = iter(missing)
            await _together(work(queue) for _ in range(self._pace.concurrency))


async def _together(workers: Iterable[Coroutine[None, None, None]]) -> None:
    """Run them side by side; the first error stops the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for worker in workers:
                group.create_task(worker)
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
