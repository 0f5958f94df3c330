"""Files of a home on shared storage: uploaded when written, fetched when first read.

Their names are their content, and nothing ever changes them: a copy is right or damaged, never
old. So a mirror needs neither locks nor an expiry.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from tasks.core.artifacts import replacing, sha256_of
from tasks.core.errors import SettingsError, SharedHomeError
from tasks.core.homes import url_of
from tasks.core.progress import say

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.core.vocabulary import Artifact

CONFIG = {
    "connect_timeout": 3,
    "read_timeout": 60,
    "retries": {"total_max_attempts": 3, "mode": "standard"},
    "max_pool_connections": 16,
}
"""Of botocore. A server that does not answer is told of after some ten seconds."""

NO_BUCKET = "there is no such bucket", "Make it, or check --home and AWS_ENDPOINT_URL."
NO_KEYS = "there are no credentials", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
REFUSED = "access is refused", "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and their rights."
AWAY = "the server cannot be reached", "Check the network, and AWS_ENDPOINT_URL and AWS_REGION."
OTHER = "storage failed", "Run the same command again: what was finished is not lost."
MEANS = {
    **dict.fromkeys(("NoSuchBucket", "404", "FileNotFoundError"), NO_BUCKET),
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), NO_KEYS),
    **dict.fromkeys(("AccessDenied", "403", "PermissionError"), REFUSED),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch"), REFUSED),
    **dict.fromkeys(("EndpointConnectionError", "ConnectTimeoutError", "ValueError"), AWAY),
    **dict.fromkeys(("ReadTimeoutError", "ConnectionClosedError", "SSLError"), AWAY),
}
"""What S3's codes and botocore's errors come down to; their own words may quote an address."""


@contextmanager
def storage(home: "Path") -> Iterator[tuple[Any, str]]:
    """Give fsspec's file system of a shared home, and the home's place in it.

    Raises SettingsError where s3fs is missing, and SharedHomeError for all that goes wrong inside.
    """
    url = url_of(home) or ""
    scheme, _, place = url.partition("://")
    system = _file_system(scheme, os.getpid())
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - s3fs needs it too

    try:
        yield system, place
    except (OSError, ValueError, BotoCoreError, ClientError) as error:
        raise _told(url, error) from error


def check(home: "Path") -> None:
    """Look whether the bucket is there and can be listed. Raises as `storage` does."""
    with storage(home) as (system, place):
        check_bucket(system, place)


def check_bucket(system: Any, place: str) -> None:  # noqa: ANN401
    """Raise botocore's error if there is no such bucket: s3fs says of a file only that it is not.

    To be called inside `storage`.
    """
    from fsspec.asyn import sync  # noqa: PLC0415

    sync(system.loop, _list_one, system, place)


def fetch(home: "Path", artifact: "Artifact") -> None:
    """Download a file that is not here; one that is nowhere, or damaged, stays missing."""
    whole = replacing(artifact.at(home))
    with storage(home) as (system, place), suppress(FileNotFoundError), whole as private:
        system.get_file(f"{place}/{artifact.path}", str(private))
        if sha256_of(private) != artifact.sha256:
            where = escape(f"{url_of(home)}/{artifact.path}")
            say(f"  {where} is damaged: delete it, and it will be made again")
            raise FileNotFoundError(artifact.path)


def share(home: "Path", path: str) -> None:
    """Upload a file that was written, unless it is there. Raises as `storage` does."""
    file = home / path
    with storage(home) as (system, place):
        if _size(system, f"{place}/{path}") != file.stat().st_size:
            system.put_file(str(file), f"{place}/{path}")


def code_of(error: BaseException) -> str:
    """What S3 calls an error, also one that s3fs made an OSError; else the error's own name."""
    for one in (error, error.__cause__):
        if isinstance(response := getattr(one, "response", None), dict):
            return str(response.get("Error", {}).get("Code"))
    return type(error).__name__


@cache
def _file_system(scheme: str, _process: int) -> Any:  # noqa: ANN401 - fsspec has no types
    """One per process: its connections do not outlive a fork. Keys and address: AWS_*."""
    import fsspec  # noqa: PLC0415 - a folder needs none of it

    try:
        return fsspec.filesystem(
            scheme, skip_instance_cache=True, use_listings_cache=False, config_kwargs=CONFIG
        )
    except ImportError as error:
        raise SettingsError(
            f"A home on {scheme}:// needs a package that is not installed.",
            "Install it: pip install 'palate[s3]', or pip install s3fs.",
        ) from error


async def _list_one(system: Any, place: str) -> None:  # noqa: ANN401
    bucket, _, prefix = place.partition("/")
    client = await system.set_session()
    await client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)


def _size(system: Any, remote: str) -> int | None:  # noqa: ANN401
    try:
        return int(system.info(remote)["size"])
    except FileNotFoundError:
        return None


def _told(url: str, error: Exception) -> SharedHomeError:
    code = code_of(error)
    what, fix = MEANS.get(code, OTHER)
    detail = f"{code}: {error.strerror}" if isinstance(error, OSError) and error.strerror else code
    return SharedHomeError(f"{url}: {what} ({detail}).", fix)
