"""Who may see the page: one browser on this machine, the first that brings the token."""

from hmac import compare_digest
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import Response

HOSTS = ("127.0.0.1", "localhost")

POLICY = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers send `Origin: null`
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer, beside the page's Content-Security-Policy."""


class Access:
    """The token in the address, good for one exchange, and the cookie it is exchanged for."""

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
        """The response, with the cookie by which its browser is known from now on."""
        response.set_cookie(self._cookie_name, self._cookie, httponly=True, samesite="strict")
        return response

    def knows(self, request: Request) -> bool:
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
