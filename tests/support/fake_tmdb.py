"""A TMDB of our own: a real process on loopback, with faults as scripted and a log of requests.

The script names movies, and for a path the faults of its next requests, one each: a status
("500"), "429:0.5" with a Retry-After, "hang", "drip", "cut", "html" or "reset". A fault with a "!"
stays. The log has a line per request and never a key.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

V3 = "5e1f0tmdbkey3f00d"
V4 = "eyJ.5e1f0.tmdbtoken"

Movie = dict[str, Any]


def movie(tmdb_id: int, title: str, released: str = "1995-12-15", **more: Any) -> Movie:
    known = {"id": tmdb_id, "title": title, "original_title": title, "release_date": released}
    said = {"overview": f"What happens in {title}.", "vote_average": 7.5, "vote_count": 100}
    return known | said | {"poster_path": "/ignored.jpg"} | more


class FakeTmdb:
    """Where the process listens, and what it was asked."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self._log = url, log

    def requests(self) -> list[dict[str, Any]]:
        whole = self._log.read_text().splitlines() if self._log.is_file() else []
        return [json.loads(line) for line in whole]

    def asked(self) -> list[str]:
        """Paths, and what was searched for, in the order of arrival."""
        return [" ".join([r["path"], *r["query"].values()]) for r in self.requests()]


@contextmanager
def fake_tmdb(
    folder: Path,
    movies: Sequence[Movie],
    faults: Mapping[str, Sequence[str]] | None = None,
    delay: float = 0.0,
) -> Iterator[FakeTmdb]:
    folder.mkdir(parents=True, exist_ok=True)
    script, log = folder / "script.json", folder / "requests.log"
    script.write_text(json.dumps({"movies": movies, "faults": faults or {}, "delay": delay}))
    command = [sys.executable, "-m", "tests.support.fake_tmdb", str(script), str(log)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            assert process.stdout is not None
            yield FakeTmdb(f"http://127.0.0.1:{int(process.stdout.readline())}", log)
        finally:
            process.kill()


class _Server:
    def __init__(self, script: dict[str, Any], log: Path) -> None:
        self.movies: list[Movie] = script["movies"]
        self.faults: dict[str, list[str]] = {k: list(v) for k, v in script["faults"].items()}
        self.delay: float = script["delay"]
        self.log = log
        self.open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.open += 1
                try:
                    await self.answer(head, writer)
                finally:
                    self.open -= 1
        writer.close()

    async def answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        target = urlsplit(head.split(" ", 2)[1])
        query = {name: values[0] for name, values in parse_qs(target.query).items()}
        by_query = query.pop("api_key", None) == V3
        by_header = f"authorization: bearer {V4}".lower() in head.lower().split("\r\n")
        said = {"path": target.path, "query": query, "open": self.open, "at": time.time()}
        with self.log.open("a") as log:
            log.write(json.dumps(said | {"by": "query" if by_query else "header"}) + "\n")
        fault = self.fault(target.path)
        if fault:
            await _fail(fault, writer)
            return
        await asyncio.sleep(self.delay)
        if by_query == by_header:
            await _send(writer, 401, {"status_code": 7, "status_message": "Invalid API key"})
        elif target.path == "/3/search/movie":
            await _send(writer, *self.search(**query))
        else:
            await _send(writer, *self.movie(target.path))

    def fault(self, path: str) -> str | None:
        waiting = self.faults.get(path) or self.faults.get("*") or []
        if not waiting:
            return None
        return waiting[0].rstrip("!") if waiting[0].endswith("!") else waiting.pop(0)

    def movie(self, path: str) -> tuple[int, dict[str, Any]]:
        for one in self.movies:
            if path == f"/3/movie/{one['id']}":
                return 200, one
        return 404, {"status_code": 34, "status_message": "could not be found"}

    def search(self, query: str, year: str = "") -> tuple[int, dict[str, Any]]:
        if not any(c.isalnum() for c in query):
            return 422, {"status_code": 5, "status_message": "query must be provided"}
        found = [one for one in self.movies if self._fits(one, query.lower(), year)]
        return 200, {"page": 1, "results": found, "total_results": len(found)}

    @staticmethod
    def _fits(one: Movie, query: str, year: str) -> bool:
        names = [one["title"], one["original_title"], *one.get("also", [])]
        dated = not year or str(one["release_date"] or "").startswith(year)
        return dated and any(query in name.lower() for name in names)


async def _send(writer: asyncio.StreamWriter, status: int, body: Any, *headers: str) -> None:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    writer.write(_head(status, len(raw), *headers) + raw)
    await writer.drain()


def _head(status: int, length: int, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Fake", f"Content-Length: {length}", *headers, "", ""]
    return "\r\n".join(lines).encode()


async def _fail(fault: str, writer: asyncio.StreamWriter) -> None:
    kind, _, seconds = fault.partition(":")
    if kind == "hang":
        await asyncio.sleep(600)
    elif kind == "drip":
        writer.write(_head(200, 10_000))
        for _ in range(10_000):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)
    elif kind == "cut":
        writer.write(_head(200, 500) + b'{"id": 1, "tit')
        await writer.drain()
        writer.close()
    elif kind == "reset":
        writer.close()
    elif kind == "html":
        await _send(writer, 200, "<html>captive portal</html>")
    else:
        headers = (f"Retry-After: {seconds}",) if seconds else ()
        await _send(writer, int(kind), "<html>no TMDB</html>", *headers)


async def _run(script: Path, log: Path) -> None:
    server = _Server(json.loads(script.read_text()), log)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    sys.stdout.write(f"{listening.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    # The pipe closes when the test process is gone, however it ended.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_run(Path(sys.argv[1]), Path(sys.argv[2])))
