"""A real S3 server on loopback (moto's), and machines that share a home on it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from tasks.core.homes import home_of
from tasks.core.s3 import S3

BUCKET, KEY = "nights", "sentinel-access-key"
HOME = f"s3://{BUCKET}/team"


@contextmanager
def s3_server() -> Iterator[str]:
    """Address of a server without any bucket; it ends with the block."""
    from moto.s3.responses import S3Response  # noqa: PLC0415 - takes a second to load
    from moto.server import ThreadedMotoServer  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "put_object", _one_at_a_time(S3Response.put_object))
        server.start()
        host, port = server.get_host_and_port()
        try:
            yield f"http://{host}:{port}"
        finally:
            server.stop()


def _one_at_a_time(function: Callable[..., Any]) -> Callable[..., Any]:
    """As S3 does it: moto looks at an upload's condition, and then replaces the object."""
    lock = threading.Lock()

    @wraps(function)
    def locked(*given: Any) -> Any:
        with lock:
            return function(*given)

    return locked


def credentials(url: str) -> dict[str, str]:
    """What a user would set."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": "sentinel-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",  # no test asks a network for keys
        "NO_PROXY": "127.0.0.1",
    }


def empty_bucket() -> Any:
    """fsspec's file system, where the bucket is new."""
    with S3(home_of(HOME), HOME).connected() as system:
        if system.exists(BUCKET):
            system.rm(BUCKET, recursive=True)
        system.mkdir(BUCKET)
        return system


def machine(monkeypatch: pytest.MonkeyPatch, folder: Path, home: str = HOME) -> Path:
    """Be a machine whose mirrors lie in that folder; gives its mirror of the home."""
    monkeypatch.setenv("PALATE_MIRRORS", str(folder))
    return home_of(home)


def keys(prefix: str = "") -> list[str]:
    """What is in the bucket, as names below the prefix."""
    place = f"{BUCKET}/{prefix}".rstrip("/")
    with S3(home_of(HOME), HOME).connected() as system:
        return sorted(found.removeprefix(f"{place}/") for found in system.find(place))
