import os
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx2
import pytest

from tasks.core.loopback import spare_loopback


class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, *_):
        pass


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "intranet.example")
    spare_loopback(os.environ)
    server = HTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    try:
        assert urllib.request.urlopen(address, timeout=5).read() == b"here"
        assert httpx2.get(address, timeout=5).text == "here"
    finally:
        server.shutdown()
        server.server_close()
    assert os.environ["NO_PROXY"].startswith("intranet.example,")


def test_a_second_time_adds_nothing_and_a_star_is_enough() -> None:
    environment = {"no_proxy": "*"}
    spare_loopback(environment)
    spare_loopback(environment)
    assert environment == {"no_proxy": "*", "NO_PROXY": "127.0.0.1,localhost,::1"}
