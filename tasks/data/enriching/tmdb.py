"""A small client of TMDB (API version 3): paced, with bounded retries and deadlines."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2
from aiolimiter import AsyncLimiter
from pydantic import Field, SecretStr, ValidationError

from tasks.core.errors import ServiceError, SettingsError
from tasks.core.vocabulary import Record
from tasks.data.enriching.records import Lookup, Movie, query_of

BASE_URL = "https://api.themoviedb.org"
NO_SUCH_MOVIE = {6, 34}
"""TMDB's own codes beside a 404; any other 404 comes from something that is not TMDB."""

LATER = "Run the same command again later: what was answered is kept."

JWT = "eyJ"
"""A read access token (v4) starts so and goes into a header; an API key (v3) into the address."""


class TmdbPace(Record):
    """How fast and how patiently to ask; seconds, except `rate` per second. TMDB allows 40."""

    rate: float = Field(30.0, gt=0)
    concurrency: int = Field(8, ge=1)
    attempts: int = Field(6, ge=1)
    deadline: float = Field(20.0, gt=0)
    first_wait: float = Field(0.5, ge=0)
    longest_wait: float = Field(60.0, ge=0)


class _Again(Exception):
    """One attempt failed, another may not; `wait` is what the server asks for, in seconds."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.what, self.wait = what, wait


class KeyedTransport(httpx2.AsyncHTTPTransport):
    """Adds the key to each request on its way out, below the layer that logs addresses.

    `httpx2` logs each address and its exceptions hold the request, so neither ever sees the key.
    """

    def __init__(self, url: str, key: SecretStr, connections: int) -> None:
        parts = urlsplit(url)  # the environment's proxy is used as `httpx2` itself would
        proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
        super().__init__(proxy=proxy, limits=httpx2.Limits(max_connections=connections))
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a copy with the key, without a body; the request itself stays without the key."""
        key = self._key.get_secret_value().strip()
        url, headers = request.url, request.headers.copy()
        if key.startswith(JWT):
            headers["Authorization"] = f"Bearer {key}"
        else:
            url = url.copy_merge_params({"api_key": key})
        keyed = httpx2.Request(request.method, url, headers=headers, extensions=request.extensions)
        return await super().handle_async_request(keyed)


@asynccontextmanager
async def open_tmdb(url: str, key: SecretStr, pace: TmdbPace) -> AsyncIterator["Tmdb"]:
    """A client of the TMDB at this address. Raises SettingsError where it is none."""
    async with httpx2.AsyncClient(
        base_url=_checked(url),
        transport=KeyedTransport(url, key, pace.concurrency),
        timeout=None,  # each request has a deadline as a whole, see `_attempt`
        headers={"Accept": "application/json"},
    ) as http:
        yield Tmdb(http, pace)


class Tmdb:
    """Asks one TMDB, in one event loop."""

    def __init__(self, http: httpx2.AsyncClient, pace: TmdbPace) -> None:
        self._http, self._pace = http, pace
        self._limiter = AsyncLimiter(1, 1 / pace.rate)
        self._held_until = 0.0
        self._random = random.Random(0)  # noqa: S311 - jitter

    async def ask(self, lookup: Lookup) -> tuple[Movie, ...]:
        """The movies that answer a lookup; none if TMDB knows of none.

        Raises ServiceError when the key is refused, when the attempts are used up,
        the server asks to wait for too long, or it is not TMDB that answers.
        """
        for attempt in range(self._pace.attempts):
            try:
                return await self._attempt(lookup)
            except _Again as again:
                last = again
            if attempt + 1 < self._pace.attempts:
                await self._wait(last, attempt)
        raise ServiceError(
            f"TMDB did not answer {lookup.path} in {self._pace.attempts} attempts"
            f" (the last: {last.what}).",
            LATER,
        )

    async def _attempt(self, lookup: Lookup) -> tuple[Movie, ...]:
        await self._limiter.acquire()
        held = self._held_until - asyncio.get_running_loop().time()
        if held > 0:
            await asyncio.sleep(held)
        try:
            # httpx2's own timeout is per read: a server that drips would hold the slot for ever.
            async with asyncio.timeout(self._pace.deadline):
                response = await self._http.get(lookup.path, params=query_of(lookup))
        except TimeoutError:
            raise _Again(f"no whole answer in {self._pace.deadline:g} s") from None
        except httpx2.HTTPError as error:
            raise _Again(type(error).__name__) from None
        return _read(lookup, response)

    async def _wait(self, again: _Again, attempt: int) -> None:
        """Full jitter; or what the server asks for, and then every other request waits too."""
        if again.wait is None:
            most = min(self._pace.longest_wait, self._pace.first_wait * 2**attempt)
            await asyncio.sleep(self._random.uniform(0, most))
            return
        if again.wait > self._pace.longest_wait:
            raise ServiceError(f"TMDB asks to wait for {again.wait:.0f} seconds.", LATER)
        now = asyncio.get_running_loop().time()
        self._held_until = max(self._held_until, now + again.wait)


def _checked(url: str) -> str:
    """Give an address back if it is one, and holds no secret that a log could show."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(f"PALATE_TMDB_URL: '{url}' is no address.", f"TMDB's is {BASE_URL}.")
    if parts.username or parts.password or parts.query:
        raise SettingsError(
            "PALATE_TMDB_URL holds a user, a password or a query.", "A key belongs in TMDB_API_KEY."
        )
    return url


def _read(lookup: Lookup, response: httpx2.Response) -> tuple[Movie, ...]:
    status = response.status_code
    if status in (401, 403):
        raise ServiceError(
            f"TMDB refuses the key (status {status}).",
            "Check TMDB_API_KEY: an API key or read access token from"
            " https://www.themoviedb.org/settings/api.",
        )
    if status == 429 or status >= 500:
        raise _Again(f"status {status}", _retry_after(response))
    body, by_id = _json(response), not lookup.is_search
    if status == 200:
        return _movies(body, by_id)
    code = body.get("status_code") if body else None
    if status == 404 and by_id and code in NO_SUCH_MOVIE:
        return ()
    if status in (400, 422) and not by_id and code is not None:
        return ()  # a title that TMDB cannot search for, such as "???"
    raise ServiceError(
        f"What answers {lookup.path} with status {status} is not TMDB.",
        f"Check PALATE_TMDB_URL; unless set, it is {BASE_URL}.",
    )


def _movies(body: dict[str, Any] | None, by_id: bool) -> tuple[Movie, ...]:
    if body is None:
        raise _Again("an answer that is not JSON")
    try:
        return tuple(map(Movie.model_validate, [body] if by_id else body["results"]))
    except (KeyError, TypeError, ValidationError):
        raise _Again("an answer without TMDB's fields") from None


def _json(response: httpx2.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _retry_after(response: httpx2.Response) -> float | None:
    """Seconds, where the header gives them as a number; TMDB does."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if seconds >= 0 else None
