"""The results file of a home on shared storage: replaced only where nobody else has meanwhile.

Each version of the file has an ETag. A publisher downloads the file, appends its run and uploads it
on condition that the ETag is still the one it downloaded; else it starts over with what was
published instead. So runs of two machines never erase each other, and readers see whole files.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from tasks.core.artifacts import replacing
from tasks.core.errors import SharedHomeError, StoreError
from tasks.core.homes import url_of
from tasks.core.shared_home import check_bucket, code_of, storage

TRIES = 10
LOST = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409"}
"""S3's words for: somebody else replaced or removed the file meanwhile."""


def newest(file: Path) -> str | None:
    """The ETag of what is published, now downloaded to `file`; None if nothing is.

    Raises SharedHomeError.
    """
    with _fetching(file), storage(file.parent) as (system, place):
        etag = _etag(system, f"{place}/{file.name}")
        if etag is None:
            check_bucket(system, place)
        if etag is None or (file.is_file() and etag == _noted(file)):
            return etag
        _note(file, None)
        with replacing(file) as private:
            etag = _download(system, f"{place}/{file.name}", private)
        _note(file, etag)
        return etag


def publish_shared(
    file: Path, append: Callable[[Path], None], is_in: Callable[[Path], bool]
) -> None:
    """Replace the published file by one to which `append` added; `is_in` tells whether it has.

    Raises SharedHomeError, and StoreError where others were faster every time.
    """
    following = file.with_name(f"{file.name}.next")
    for _ in range(TRIES):
        etag = newest(file)
        with replacing(following) as private:
            if etag is not None:
                shutil.copyfile(file, private)
            append(private)
        try:
            made = _replace(file, following, etag)
            if made:
                with _fetching(file):
                    _note(file, None)
                    following.replace(file)
                    _note(file, made)
                return
        finally:
            following.unlink(missing_ok=True)
        if newest(file) is not None and is_in(file):  # it was ours: only the answer was lost
            return
    raise StoreError(
        f"{url_of(file.parent)}/{file.name}: others published faster, {TRIES} times in a row.",
        "Run the same command again.",
    )


def _replace(file: Path, following: Path, etag: str | None) -> str | None:
    """The new ETag; None where the published file is another one than it was."""
    from botocore.exceptions import ClientError  # noqa: PLC0415
    from fsspec.asyn import sync  # noqa: PLC0415

    still = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
    with storage(file.parent) as (system, place):
        try:
            made: str = sync(system.loop, _put, system, f"{place}/{file.name}", following, still)
            return made
        except ClientError as error:
            if code_of(error) in LOST:
                return None
            raise


async def _put(system: Any, remote: str, following: Path, still: dict[str, str]) -> str:  # noqa: ANN401
    """One request, by botocore's client: when it tries again it sends the file from its start."""
    bucket, _, key = remote.partition("/")
    client = await system.set_session()
    with following.open("rb") as body:
        answer = await client.put_object(Bucket=bucket, Key=key, Body=body, **still)
    return str(answer["ETag"])


def _download(system: Any, remote: str, private: Path) -> str:  # noqa: ANN401
    """Download in parts that are all of one version; gives its ETag."""
    before = _etag(system, remote)
    for _ in range(TRIES):
        system.get_file(remote, str(private))
        after = _etag(system, remote)
        if before is not None and after == before:
            return before
        before = after
    raise SharedHomeError(f"{remote} changes faster than it can be downloaded.", "Try again.")


def _etag(system: Any, remote: str) -> str | None:  # noqa: ANN401
    try:
        return str(system.info(remote)["ETag"])
    except FileNotFoundError:
        return None


def _fetching(file: Path) -> FileLock:
    """What is held while the file and the note of its ETag are not of one version."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(file.with_name(f"{file.name}.fetching"))


def _noted(file: Path) -> str | None:
    note = file.with_name(f"{file.name}.etag")
    return note.read_text(encoding="utf-8") if note.is_file() else None


def _note(file: Path, etag: str | None) -> None:
    note = file.with_name(f"{file.name}.etag")
    if etag is None:
        note.unlink(missing_ok=True)
        return
    with replacing(note) as private:
        private.write_text(etag, encoding="utf-8")
