"""Pages that stand alone: their style and script are in them, and they ask for nothing else."""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

from tasks.core.files import replacing


def policy(style: str, script: str = "") -> str:
    """A content security policy: this style and this script, and nothing from anywhere."""
    allowed = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script) if script else "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {what}" for name, what in allowed.items())


def shipped(package: str | None, name: str) -> str:
    """The text of a file among a package's templates."""
    return files(package or __name__).joinpath("templates", name).read_text(encoding="utf-8")


def write(page: Path, html: str) -> None:
    """Put the page in its place whole."""
    with replacing(page) as private:
        private.write_text(html, encoding="utf-8")


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
