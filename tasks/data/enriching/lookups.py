"""Asking TMDB many things at once; what was asked before is taken from the cache."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from tasks.core.progress import bar
from tasks.data.enriching.records import Answer, Lookup
from tasks.data.enriching.tmdb import Pace, Tmdb
from tasks.data.enriching.tmdb_cache import TmdbCache, open_cache

CACHE = "tmdb.sqlite"


def utc_now() -> datetime:
    """The time that answers are stamped with."""
    return datetime.now(UTC)


class CachedTmdb:
    """TMDB behind the cache in `home`; each answer is committed before the next is asked for."""

    def __init__(
        self,
        home: Path,
        url: str,
        key: SecretStr,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._file = home / CACHE
        self._url = url
        self._key = key
        self._pace = pace or Pace()
        self._clock = clock

    def now(self) -> datetime:
        """The time by which answers are new or old."""
        return self._clock()

    def answers(self, lookups: Sequence[Lookup]) -> dict[Lookup, Answer]:
        """Every lookup's answer.

        Raises TmdbError, and TmdbCacheError when the file of kept answers cannot be used; what
        was answered until then stays kept.
        """
        wanted = list(dict.fromkeys(lookups))
        with open_cache(self._file) as cache:
            known = cache.fresh(wanted, self.now())
            missing = [lookup for lookup in wanted if lookup not in known]
            if missing:
                with bar("asking TMDB", total=len(missing)) as advance:
                    asyncio.run(self._ask(missing, cache, known, advance))
        return known

    async def _ask(
        self,
        missing: Sequence[Lookup],
        cache: TmdbCache,
        known: dict[Lookup, Answer],
        advance: Callable[[int], None],
    ) -> None:
        async def work(mine: Iterator[Lookup]) -> None:
            for lookup in mine:
                answer = Answer(movies=await tmdb.ask(lookup), fetched_at=self.now())
                cache.keep(lookup, answer)
                known[lookup] = answer
                advance(1)

        async with Tmdb(self._url, self._key, self._pace) as tmdb:
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
