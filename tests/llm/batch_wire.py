"""Trouble on the wire between a command that asks in batches and the server."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx2

from tests.support.fake_clock import FakeClock

UPLOAD = r"POST /v1/files$"
LIST = r"GET /v1/batches$"
CREATE = r"POST /v1/batches$"
RETRIEVE = r"GET /v1/batches/\w+"
CONTENT = r"GET /v1/files/.+/content$"

Forward = Callable[[], Awaitable[httpx2.Response]]
Act = Callable[[httpx2.Request, Forward], Awaitable[httpx2.Response]]


@dataclass
class Trouble:
    """What happens to requests to an endpoint: the first `times` after the first `after`."""

    where: str
    act: Act
    times: int | None = 1
    after: int = 0
    seen: int = 0

    def strikes(self, request: httpx2.Request) -> bool:
        if not re.match(self.where, f"{request.method} {request.url.path}"):
            return False
        self.seen += 1
        return self.seen > self.after and (
            self.times is None or self.seen <= self.after + self.times
        )


@dataclass
class Wire(httpx2.AsyncBaseTransport):
    """Goes to the server, except for what the first trouble that strikes makes of a request."""

    troubles: Sequence[Trouble] = ()
    clock: FakeClock | None = None
    sent: list[tuple[str, float]] = field(default_factory=list)
    """Each request, and when it was sent."""

    def __post_init__(self) -> None:
        self._real = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        now = self.clock.now() if self.clock else 0.0
        self.sent.append((f"{request.method} {request.url.path}", now))

        async def forward() -> httpx2.Response:
            return await self._real.handle_async_request(request)

        striking = (trouble for trouble in self.troubles if trouble.strikes(request))
        trouble = next(striking, None)  # those after it have not seen the request
        return await (trouble.act(request, forward) if trouble else forward())

    async def aclose(self) -> None:
        await self._real.aclose()

    def times_of(self, where: str) -> list[float]:
        return [at for what, at in self.sent if re.match(where, what)]


def status(code: int, error: str | None = None, **headers: str) -> Act:
    """An answer that is not the server's."""
    body = {"error": {"message": "Scripted.", "type": "scripted", "param": None, "code": error}}

    async def act(_request: httpx2.Request, _forward: Forward) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.Response(code, json=body, headers=named)

    return act


async def page(_request: httpx2.Request, _forward: Forward) -> httpx2.Response:
    """A web page, as from a proxy that wants a login."""
    return httpx2.Response(200, html="<!doctype html><html><body>Sign in</body></html>")


async def lost(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """The server did it, but its answer never arrives."""
    await (await forward()).aread()
    raise httpx2.ReadError("connection reset")


async def done_but_500(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """The server did it, and says that it failed."""
    await (await forward()).aread()
    return httpx2.Response(500, json={})


async def late(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """The server did it, and the client has stopped waiting."""
    await (await forward()).aread()
    raise httpx2.ReadTimeout("too late")


async def refused(_request: httpx2.Request, _forward: Forward) -> httpx2.Response:
    raise httpx2.ConnectError("connection refused")


def doing(something: Callable[[], object]) -> Act:
    """Something happens first."""

    async def act(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
        something()
        return await forward()

    return act
