"""HTTP/1.1 on one connection, with replies that may break it."""

import asyncio
import socket
import struct
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11

from tests.support.fake_llm.replies import Reply, error

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Request:
    """One complete HTTP request; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Respond = Callable[[Request], Awaitable[Reply]]


class Connection:
    """Serves requests until the client goes or a reply ends the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        writer.transport.set_write_buffer_limits(0)  # drained means: the kernel has all of it

    async def serve(self, respond: Respond) -> None:
        try:
            while (request := await self._request()) and await self._deliver(
                await _respond(respond, request)
            ):
                if self._http.our_state is not h11.DONE:
                    break
                self._http.start_next_cycle()
        except (h11.RemoteProtocolError, ConnectionError):
            pass  # the client broke off; there is nobody to tell
        finally:
            self._writer.close()

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body: list[bytes] = []
        while True:
            match event := self._http.next_event():
                case h11.Request():
                    head = event
                case h11.Data():
                    body.append(bytes(event.data))
                case h11.EndOfMessage() if head:
                    names = {name.decode(): value.decode() for name, value in head.headers}
                    method, target = head.method.decode(), head.target.decode()
                    return Request(method, target, names, b"".join(body))
                case h11.NEED_DATA:
                    self._http.receive_data(await self._reader.read(_CHUNK))
                case _:
                    return None

    async def _deliver(self, reply: Reply) -> bool:
        """Whether the connection can go on."""
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.delivery == "hang":
            while await self._reader.read(_CHUNK):
                pass
        if reply.delivery == "reset":
            self._reset()
        if reply.delivery in ("hang", "reset", "close") or self._reader.at_eof():
            return False
        return await self._write(reply)

    async def _write(self, reply: Reply) -> bool:
        head = self._http.send(h11.Response(status_code=reply.status, headers=_headers(reply)))
        body = self._http.send(h11.Data(data=reply.body)) or b""
        self._http.send(h11.EndOfMessage())
        if reply.delivery == "cut":
            return await self._out((head or b"") + body[: len(body) // 2]) and False
        if reply.delivery == "drip":
            await self._out(head or b"")
            for n in range(len(body)):
                if self._reader.at_eof() or not await self._out(body[n : n + 1]):
                    return False
                await asyncio.sleep(reply.interval)
        else:
            await self._out((head or b"") + body)
        reply.sent()
        return True

    async def _out(self, data: bytes) -> bool:
        self._writer.write(data)
        await self._writer.drain()
        return True

    def _reset(self) -> None:
        """Close with RST: what lingers for no time is dropped."""
        linger = struct.pack("ii", 1, 0)
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


async def _respond(respond: Respond, request: Request) -> Reply:
    try:
        return await respond(request)
    except Exception:
        traceback.print_exc()  # into the server's log
        return error(500, "The fake server itself failed; see its log.", "fake_llm_bug")


def _headers(reply: Reply) -> list[tuple[str, str]]:
    own = {"content-type": reply.content_type, "content-length": str(len(reply.body))}
    return list({**own, **reply.headers}.items())
