"""A real receiver of webhooks on this machine, and settings of a night."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.night.notify import channels
from tasks.settings.settings import Settings


class Receiver:
    """Keeps what it is sent; answers with the statuses of `script` in turn, then 200.

    A float is an answer of 200 after so many seconds.
    """

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.script: list[int | float] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.bodies.append(json.loads(body))
                receiver.paths.append(self.path)
                status = receiver.script.pop(0) if receiver.script else 200
                if isinstance(status, float):
                    time.sleep(status)
                self.send_response(200 if isinstance(status, float) else status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/T0/s3cr3t-path"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(channels, "FIRST_WAIT_SECONDS", 0.01)
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of which nobody is told yet."""
    monkeypatch.delenv("PALATE_NOTIFY_URL", raising=False)
    return Settings(home=tmp_path / "home", data="films")
