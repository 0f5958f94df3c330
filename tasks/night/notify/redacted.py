"""Errors in words that may leave the machine."""

import re

from pydantic import SecretStr, ValidationError

from tasks.core.errors import PalateError
from tasks.core.secrets import Secrets

LONGEST = 500
HIDDEN = "***"
SHORTEST_SECRET = 6
"""Characters; shorter ones would hide ordinary words."""

_SHAPES = (
    (re.compile(r"(\w+://)[^/\s@]*@"), rf"\1{HIDDEN}@"),  # a password in an address
    (re.compile(r"\b(?:sk-|eyJ)[\w.-]{8,}"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|api[_-]?key|password|token)(\s*[=: ]\s*)\S+"), rf"\1\2{HIDDEN}"),
)
_QUOTED = re.compile(r"""(["'`])((?:(?!\1).)*)\1""", re.DOTALL)
FEWEST_WORDS = 4
"""Of a quotation that may be what somebody wrote about themselves."""


def in_words(error: Exception) -> tuple[str, str | None]:
    """What happened and, where it was foreseen, what to do."""
    if isinstance(error, PalateError):
        return error.what, error.fix
    if isinstance(error, ValidationError):
        places = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        return f"{type(error).__name__} of {error.title}: {', '.join(places)}", None
    said = _QUOTED.sub(_short, str(error).split("\n", 1)[0])
    return f"{type(error).__name__}: {said}" if said else type(error).__name__, None


def without_secrets(text: str) -> str:
    """One line of 500 characters at most, with everything that is or looks like a secret hidden."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _secrets() -> list[str]:
    values = [value for _, value in Secrets() if isinstance(value, SecretStr)]
    known = (value.get_secret_value().strip() for value in values)
    return sorted((v for v in known if len(v) >= SHORTEST_SECRET), key=len, reverse=True)


def _short(quoted: re.Match[str]) -> str:
    return "'…'" if len(quoted[2].split()) >= FEWEST_WORDS else quoted[0]
