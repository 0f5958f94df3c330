"""Sends the key below the layer that remembers and logs addresses.

`httpx2` logs each address and its exceptions hold the request, so neither ever sees the key.
"""

from urllib.request import getproxies, proxy_bypass

import httpx2
from pydantic import SecretStr

JWT = "eyJ"
"""A read access token (v4) starts so and goes into a header; an API key (v3) into the address."""


class KeyedTransport(httpx2.AsyncBaseTransport):
    """Adds the key to each request on its way out."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, key: SecretStr) -> None:
        self._inner = inner
        self._key = key

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a copy with the key; the request itself stays without."""
        return await self._inner.handle_async_request(self._keyed(request))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    def _keyed(self, request: httpx2.Request) -> httpx2.Request:
        key = self._key.get_secret_value().strip()
        url, headers = request.url, request.headers.copy()
        if key.startswith(JWT):
            headers["Authorization"] = f"Bearer {key}"
        else:
            url = url.copy_merge_params({"api_key": key})
        return httpx2.Request(
            request.method,
            url,
            headers=headers,
            stream=request.stream,
            extensions=request.extensions,
        )


def transport_to(url: str, key: SecretStr, connections: int) -> KeyedTransport:
    """A transport that goes through the environment's proxy, as `httpx2`'s own would."""
    parts = httpx2.URL(url)
    proxy = None if proxy_bypass(parts.host) else getproxies().get(parts.scheme)
    limits = httpx2.Limits(max_connections=connections)
    return KeyedTransport(httpx2.AsyncHTTPTransport(proxy=proxy, limits=limits), key)
