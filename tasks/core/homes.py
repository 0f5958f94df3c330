"""Where a home is: a folder, or a folder that mirrors a home on shared storage.

All code is handed a Path. Of a URL it is a folder of this machine whose name is the URL, quoted, so
that a process anywhere which gets the path alone can tell what it mirrors. Shared are the files
that stages write, whose names are their content, and the results; all else stays on the machine.
"""

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, unquote

from pydantic import BeforeValidator, PlainSerializer

from tasks.core.errors import SettingsError

WRITTEN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)", re.DOTALL)
"""A URL, also one that was made a Path, which leaves one slash of two."""

MIRROR = re.compile(r"[a-z][a-z0-9.-]+~3A~2F~2F.+")
LONGEST_NAME = 240
SCHEMES = ("s3",)
"""Where results can be replaced on condition that nobody else has, which keeps everybody's runs."""


def home_of(given: str | Path) -> Path:
    """The folder to work in: the one that was given, or the mirror of the URL that was given.

    Raises SettingsError for a URL that cannot be a home; what it says shows no password.
    """
    url = WRITTEN.fullmatch(str(given))
    return mirrors() / _quoted(_checked(url[1].lower(), url[2])) if url else Path(given)


def url_of(home: Path) -> str | None:
    """What a folder mirrors; None for a home that is nowhere else."""
    return unquote(home.name.replace("~", "%")) if MIRROR.fullmatch(home.name) else None


def address(file: Path) -> str:
    """Where others find a file of a home: its URL on shared storage, else its path."""
    url = url_of(file.parent)
    return f"{url}/{file.name}" if url else str(file)


def here(home: Path) -> Path:
    """The same home on this machine, where its mirror may lie elsewhere than on the sender's."""
    return mirrors() / home.name if url_of(home) else home


def mirrors() -> Path:
    """The folder of all mirrors: PALATE_MIRRORS, else in the user's cache."""
    return Path(os.environ.get("PALATE_MIRRORS") or user_cache()).absolute()


def user_cache() -> Path:
    """The folder of what all homes of a user share, and can do without."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "palate"


def _checked(scheme: str, place: str) -> str:
    parts = [part for part in place.split("/") if part]
    if "@" in place.partition("/")[0]:
        raise SettingsError(
            "--home: a URL with a user or a password in it is refused.",
            "Give s3://BUCKET/PREFIX, and the keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    if scheme not in SCHEMES:
        raise SettingsError(
            f"--home: results cannot be shared at {scheme}:// without losing somebody's runs.",
            "Give a folder, or s3://BUCKET/PREFIX (any server that speaks S3: AWS_ENDPOINT_URL).",
        )
    url = f"{scheme}://{'/'.join(parts)}"
    if not parts or {"?", "#"} & set(place) or len(_quoted(url)) > LONGEST_NAME:
        raise SettingsError(
            f"--home: {url} names no place in a bucket, or has a name that is too long.",
            "Give s3://BUCKET/PREFIX, without ? or #, of fewer than 200 characters.",
        )
    return url


def _quoted(url: str) -> str:
    """A name for a folder. A "%" would be read as one where the path becomes part of a URL."""
    return quote(url, safe="").replace("~", "%7E").replace("%", "~")


def _as_text(home: Path) -> str:
    return url_of(home) or str(home)


Home = Annotated[
    Path,
    BeforeValidator(lambda given: str(home_of(given)) if isinstance(given, str | Path) else given),
    PlainSerializer(_as_text, return_type=str, when_used="json"),
]
"""A home in settings: a URL on the way in and in JSON, whichever machine reads that.

Text is what is validated: from JSON, pydantic takes no Path.
"""
