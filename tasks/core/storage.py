"""Where the files of a home are kept: in its folder alone, or on shared storage that it mirrors."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tasks.core.files import replacing
from tasks.core.homes import url_of
from tasks.core.s3 import S3
from tasks.core.vocabulary import Artifact


class Folder:
    """A folder of this machine: what is written is where everybody looks for it.

    `S3` has the same methods; each raises StoreError where it fails.
    """

    def check(self) -> None:
        """Return, within seconds, if the storage can be used: nothing can be away."""

    def fetch(self, artifact: Artifact) -> None:
        """Bring a file to the home's folder or leave it missing: here there is nothing to do."""

    def share(self, path: str) -> None:
        """Let others have the file at this path below the home, which never changes again."""

    def newest(self, file: Path) -> bool:
        """Whether there is such a file of results; its newest version is in the folder then."""
        return file.is_file()

    def update(
        self, file: Path, add: Callable[[Path], None], _is_added: Callable[[Path], bool]
    ) -> None:
        """Replace a file of results by a copy to which `add` added.

        The caller holds the lock that keeps others out. `is_added` says of a file whether it holds
        what `add` adds.
        """
        with replacing(file) as private:
            if file.exists():
                shutil.copyfile(file, private)
            add(private)


Storage = Folder | S3


def storage_of(home: Path) -> Storage:
    """The storage that a home is on."""
    url = url_of(home)
    return S3(home, url) if url else Folder()
