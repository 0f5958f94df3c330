"""A home on S3: files are uploaded when written and fetched when first read.

The names of artifacts are their content, and nothing ever changes them: a copy is right or damaged,
never old. So a mirror needs neither locks nor an expiry. The results file does change; each version
has an ETag. A publisher downloads it, appends, and uploads on condition that the ETag is still the
one it downloaded, else it starts over with what was published instead. So runs of two machines
never erase each other, and readers see whole files.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock
from rich.markup import escape

from tasks.core.errors import SettingsError, StoreError
from tasks.core.files import replacing, sha256_of
from tasks.core.progress import say
from tasks.core.vocabulary import Artifact

TRIES = 10
CONFIG = {
    "connect_timeout": 3,
    "read_timeout": 60,
    "retries": {"total_max_attempts": 3, "mode": "standard"},
    "max_pool_connections": 16,
}
"""Of botocore. A server that does not answer is reported after some ten seconds."""

REPLACED = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409"}
"""S3's words for: somebody else replaced or removed the file meanwhile."""

NO_BUCKET = "there is no such bucket", "Make it, or check --home and AWS_ENDPOINT_URL."
NO_KEYS = "there are no credentials", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
REFUSED = "access is refused", "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and their rights."
AWAY = "the server cannot be reached", "Check the network, and AWS_ENDPOINT_URL and AWS_REGION."
OTHER = "storage failed", "Run the same command again: what was finished is not lost."
CAUSES = {
    **dict.fromkeys(("NoSuchBucket", "404", "FileNotFoundError"), NO_BUCKET),
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), NO_KEYS),
    **dict.fromkeys(("AccessDenied", "403", "PermissionError"), REFUSED),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch"), REFUSED),
    **dict.fromkeys(("EndpointConnectionError", "ConnectTimeoutError", "ValueError"), AWAY),
    **dict.fromkeys(("ReadTimeoutError", "ConnectionClosedError", "SSLError"), AWAY),
}
"""What S3's codes and botocore's errors come down to; their own words may quote an address."""


class S3:
    """The storage of a home at s3://BUCKET/PREFIX; see `tasks.core.storage.Folder`."""

    def __init__(self, home: Path, url: str) -> None:
        self._home, self._url = home, url
        self._bucket, _, self._prefix = url.removeprefix("s3://").partition("/")

    def check(self) -> None:
        """Look whether the bucket is there and can be listed."""
        with self.connected() as system:
            self._check_bucket(system)

    def fetch(self, artifact: Artifact) -> None:
        """Download a file and compare it with its hash."""
        whole = replacing(artifact.at(self._home))
        with self.connected() as system, suppress(FileNotFoundError), whole as private:
            system.get_file(self.remote(artifact.path), str(private))
            if sha256_of(private) != artifact.sha256:
                where = escape(f"{self._url}/{artifact.path}")
                say(f"  {where} is damaged: delete it, and it will be made again")
                raise FileNotFoundError(artifact.path)

    def share(self, path: str) -> None:
        """Upload a file, unless one of its size is there."""
        file = self._home / path
        with self.connected() as system:
            if _info(system, self.remote(path), "size") != file.stat().st_size:
                system.put_file(str(file), self.remote(path))

    def newest(self, file: Path) -> bool:
        """Whether it is published; it is downloaded unless its newest version is here."""
        return self._newest(file) is not None

    def update(
        self, file: Path, add: Callable[[Path], None], is_added: Callable[[Path], bool]
    ) -> None:
        """Replace the published file where nobody else has since it was downloaded."""
        following = file.with_name(f"{file.name}.next")
        for _ in range(TRIES):
            etag = self._newest(file)
            with replacing(following) as private:
                if etag is not None:
                    shutil.copyfile(file, private)
                add(private)
            try:
                made = self._replace(file, following, etag)
                if made:
                    with _fetching(file):
                        _note(file, None)
                        following.replace(file)
                        _note(file, made)
                    return
            finally:
                following.unlink(missing_ok=True)
            if self._newest(file) is not None and is_added(file):  # ours: only the answer was lost
                return
        raise StoreError(
            f"{self._url}/{file.name}: others published faster, {TRIES} times in a row.",
            "Run the same command again.",
        )

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Give s3fs' file system.

        Raises SettingsError where s3fs is missing, StoreError for all that goes wrong inside.
        """
        system = _file_system(os.getpid())
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - with s3fs

        try:
            yield system
        except (OSError, ValueError, BotoCoreError, ClientError) as error:
            code = _code(error)
            what, fix = CAUSES.get(code, OTHER)
            detail = getattr(error, "strerror", None)
            detail = f"{code}: {detail}" if detail else code
            raise StoreError(f"{self._url}: {what} ({detail}).", fix) from error

    def remote(self, path: str) -> str:
        """Where s3fs has a file of the home."""
        return "/".join(part for part in (self._bucket, self._prefix, path) if part)

    def _newest(self, file: Path) -> str | None:
        """The ETag of what is published, now downloaded to `file`; None if nothing is."""
        remote = self.remote(file.name)
        with _fetching(file), self.connected() as system:
            etag = _info(system, remote, "ETag")
            if etag is None:  # s3fs says the same where there is no bucket
                self._check_bucket(system)
                return None
            if file.is_file() and etag == _noted(file):
                return str(etag)
            _note(file, None)
            with replacing(file) as private:
                downloaded = _download(system, remote, private)
            _note(file, downloaded)
            return downloaded

    def _replace(self, file: Path, following: Path, etag: str | None) -> str | None:
        """The new ETag; None where the published file is another one than it was."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - with s3fs
        from fsspec.asyn import sync  # noqa: PLC0415

        still = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        with self.connected() as system:
            try:
                made: str = sync(system.loop, self._put, system, file.name, following, still)
                return made
            except ClientError as error:
                if _code(error) in REPLACED:
                    return None
                raise

    async def _put(self, system: Any, name: str, following: Path, still: dict[str, str]) -> str:  # noqa: ANN401
        """One request of botocore's: when it is repeated, the file is sent from its start."""
        client, key = await system.set_session(), self.remote(name).removeprefix(f"{self._bucket}/")
        with following.open("rb") as body:
            answer = await client.put_object(Bucket=self._bucket, Key=key, Body=body, **still)
        return str(answer["ETag"])

    def _check_bucket(self, system: Any) -> None:  # noqa: ANN401
        """Raise botocore's error if there is no such bucket."""
        from fsspec.asyn import sync  # noqa: PLC0415

        async def list_one() -> None:
            client = await system.set_session()
            await client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)

        sync(system.loop, list_one)


@cache
def _file_system(_process: int) -> Any:  # noqa: ANN401 - s3fs has no types
    """One per process: its connections do not outlive a fork. Keys and address: AWS_*."""
    try:
        from s3fs import S3FileSystem  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise SettingsError(
            "A home on s3:// needs a package that is not installed.",
            "Install it: pip install 'palate[s3]', or pip install s3fs.",
        ) from error
    return S3FileSystem(skip_instance_cache=True, use_listings_cache=False, config_kwargs=CONFIG)


def _code(error: BaseException) -> str:
    """What S3 calls an error, also one that s3fs made an OSError; else the error's own name."""
    for one in (error, error.__cause__):
        if isinstance(response := getattr(one, "response", None), dict):
            return str(response.get("Error", {}).get("Code"))
    return type(error).__name__


def _download(system: Any, remote: str, private: Path) -> str:  # noqa: ANN401
    """Download in parts that are all of one version; gives its ETag."""
    before = _info(system, remote, "ETag")
    for _ in range(TRIES):
        system.get_file(remote, str(private))
        after = _info(system, remote, "ETag")
        if before is not None and after == before:
            return str(before)
        before = after
    raise StoreError(f"{remote} changes faster than it can be downloaded.", "Try again.")


def _info(system: Any, remote: str, field: str) -> object:  # noqa: ANN401
    """What S3 says of a file; None where there is none."""
    try:
        value: object = system.info(remote)[field]
        return value
    except FileNotFoundError:
        return None


def _fetching(file: Path) -> FileLock:
    """What is held while the file and the note of its ETag are not of one version."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file.with_name(f"{file.name}.fetching"))


def _noted(file: Path) -> str | None:
    note = _note_file(file)
    return note.read_text(encoding="utf-8") if note.is_file() else None


def _note(file: Path, etag: str | None) -> None:
    if etag is None:
        _note_file(file).unlink(missing_ok=True)
        return
    with replacing(_note_file(file)) as private:
        private.write_text(etag, encoding="utf-8")


def _note_file(file: Path) -> Path:
    return file.with_name(f"{file.name}.etag")
