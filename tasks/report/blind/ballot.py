"""Who may see the page, and what it answers: whatever is sent, one choice is stored."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from secrets import token_urlsafe
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tasks.report.blind.page import choice_page, refusal_page, security_policy, thanks_page
from tasks.report.blind.pair import LETTERS, Chosen, Draw, Pair

HOSTS = ("127.0.0.1", "localhost")

POLICY = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send `Origin: null`
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer, beside the page's Content-Security-Policy."""

LONGEST_ANSWER = 100
"""Bytes of a form that holds one short word."""

Endpoint = Callable[[Request], Awaitable[Response]]

StoreChoice = Callable[[Chosen, float], None]
"""Stores what was chosen and how many seconds that took, or raises."""


class Access:
    """Lets in one browser, the first that brings the token, and gives it a cookie."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.token = token_urlsafe(32)
        self._cookie_name = f"palate-{port}"  # browsers do not keep ports apart
        self._cookie = token_urlsafe(32)
        self._used = False

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{HOSTS[0]}:{self.port}/start/{self.token}"

    def admit(self, token: str) -> bool:
        """Whether this is the token, brought for the first time."""
        if self._used or not _equal(token, self.token):
            return False
        self._used = True
        return True

    def mark(self, response: Response) -> Response:
        """The response, with the cookie by which its browser is recognised from now on."""
        response.set_cookie(self._cookie_name, self._cookie, httponly=True, samesite="strict")
        return response

    def is_admitted(self, request: Request) -> bool:
        """Whether the request comes from the browser that was admitted."""
        return _equal(request.cookies.get(self._cookie_name, ""), self._cookie)

    def objection(self, request: Request) -> str | None:
        """Why the request is not even looked at, if so.

        A foreign name that resolves to this machine (DNS rebinding) shows in Host; a form that
        another site sends shows in Origin.
        """
        host = request.headers.get("host", "")
        if host not in {f"{name}:{self.port}" for name in HOSTS}:
            return "This address is not the one that was given out."
        if request.method == "POST" and request.headers.get("origin") != f"http://{host}":
            return "The choice was sent from another page."
        return None


def _equal(given: str, secret: str) -> bool:
    return compare_digest(given.encode("utf-8", "surrogatepass"), secret.encode())


class Ballot:
    """One question to one person. `end` is called when the last page has been sent.

    `chosen`: what is stored by now; `failure`: why it could not be.
    """

    def __init__(self, pair: Pair, draw: Draw, store: StoreChoice, access: Access) -> None:
        self.chosen: Chosen | None = None
        self.failure: Exception | None = None
        self.end: Callable[[], None] = lambda: None
        self._pair, self._draw, self._store_choice, self._access = pair, draw, store, access
        self._shown_at: float | None = None
        self._storing: asyncio.Future[None] | None = None

    @property
    def routes(self) -> list[Route]:
        """The token's exchange, the lists, and the answer."""
        return [
            Route("/start/{token}", self._guarded(self._start), methods=["GET"]),
            Route("/", self._guarded(self._show), methods=["GET"]),
            Route("/", self._guarded(self._choose), methods=["POST"]),
        ]

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            objection = self._access.objection(request)
            if request.method == "HEAD":  # comes with GET, and must not use up the token
                response: Response = Response(status_code=405)
            else:
                response = _refused(objection) if objection else await endpoint(request)
            response.headers.update({**POLICY, "Content-Security-Policy": security_policy()})
            return response

        return guarded

    async def _start(self, request: Request) -> Response:
        lists = RedirectResponse("/", status_code=303)
        if self._access.admit(request.path_params["token"]):
            return self._access.mark(lists)
        if self._access.is_admitted(request):
            return lists
        return _refused("The address is wrong, or it has been opened before: it works once.")

    async def _show(self, request: Request) -> Response:
        if not self._access.is_admitted(request):
            return _stranger()
        if self._storing is not None:
            return await self._thank(self._storing)
        if self._shown_at is None:
            self._shown_at = time.monotonic()
        return HTMLResponse(choice_page(self._pair, self._draw))

    async def _choose(self, request: Request) -> Response:
        if not self._access.is_admitted(request):
            return _stranger()
        if self._shown_at is None:
            return RedirectResponse("/", status_code=303)
        chosen = self._read(await _body(request))
        if chosen is None:
            return _refused("That is none of the answers.", status=400)
        if self._storing is None:
            seconds = time.monotonic() - self._shown_at
            self._storing = asyncio.ensure_future(self._store(chosen, seconds))
        return await self._thank(self._storing)

    def _read(self, body: bytes) -> Chosen | None:
        answers = parse_qs(body.decode("utf-8", "replace")).get("choice", [])
        if answers == ["neither"]:
            return "neither"
        letters = [letter for letter in LETTERS if answers == [letter]]
        return self._draw.list_at(letters[0]) if letters else None

    async def _store(self, chosen: Chosen, seconds: float) -> None:
        try:
            await asyncio.to_thread(self._store_choice, chosen, seconds)
            self.chosen = chosen
        except Exception as error:  # the command raises it, once the page has been sent
            self.failure = error

    async def _thank(self, storing: asyncio.Future[None]) -> Response:
        """The last page, once the choice is stored; then it is over."""
        await asyncio.shield(storing)
        over = BackgroundTask(self.end)
        if self.chosen is None:
            sorry = "Your choice could not be stored; the command says why."
            return _refused(sorry, "Sorry", status=500, then=over)
        return HTMLResponse(thanks_page(self._pair, self._draw, self.chosen), background=over)


async def _body(request: Request) -> bytes:
    """What was sent, if it is no longer than an answer can be."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_ANSWER:
            return b""
    return body


def _refused(
    reason: str,
    heading: str = "Not possible",
    *,
    status: int = 403,
    onward: str | None = None,
    then: BackgroundTask | None = None,
) -> Response:
    page = refusal_page(heading, reason, onward)
    return HTMLResponse(page, status_code=status, background=then)


def _stranger() -> Response:
    """To a browser without the cookie: followed from another site's link, it comes with a click."""
    return _refused(
        "Open the address that the command printed. It works once, in one browser.",
        onward="I have just opened it",
    )
