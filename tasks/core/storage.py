"""Where the files of a home are kept: in its folder alone, or on shared storage that it mirrors."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tasks.core.files import replacing
from tasks.core.homes import url_of
from tasks.core.s3 import S3
from tasks.core.vocabulary import Artifact


class Storage(Protocol):
    """What stages and results need of it; every method raises StoreError where it fails."""

    def check(self) -> None:
        """Return, within seconds, if the storage can be used."""

    def fetch(self, artifact: Artifact) -> None:
        """Bring a file to the home's folder; one that is nowhere, or damaged, stays missing."""

    def share(self, path: str) -> None:
        """Let others have the file at this path below the home, which never changes again."""

    def newest(self, file: Path) -> bool:
        """Whether there is such a file of results; its newest version is in the folder then."""

    def update(
        self, file: Path, add: Callable[[Path], None], is_added: Callable[[Path], bool]
    ) -> None:
        """Replace a file of results by a copy to which `add` added, and nobody else meanwhile.

        `is_added` says of a file whether it holds what `add` adds. Raises StoreError where others
        were faster every time.
        """


class Folder:
    """A folder of this machine: what is written is where everybody looks for it."""

    def check(self) -> None:
        """Nothing can be away."""

    def fetch(self, artifact: Artifact) -> None:
        """There is nowhere to fetch from."""

    def share(self, path: str) -> None:
        """It is there."""

    def newest(self, file: Path) -> bool:
        """Whether the file is there."""
        return file.is_file()

    def update(
        self, file: Path, add: Callable[[Path], None], _is_added: Callable[[Path], bool]
    ) -> None:
        """Replace the file; the caller holds the lock that keeps others out."""
        with replacing(file) as private:
            if file.exists():
                shutil.copyfile(file, private)
            add(private)


def storage_of(home: Path) -> Storage:
    """The storage that a home is on."""
    url = url_of(home)
    return S3(home, url) if url else Folder()
