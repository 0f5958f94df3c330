"""Messages about a night: no key, nothing that a person wrote, nothing of what was asked."""

import re
import socket
from typing import Literal

from pydantic import SecretStr, ValidationError

from tasks.core.errors import PalateError
from tasks.core.homes import url_of
from tasks.core.secrets import Secrets
from tasks.core.vocabulary import Record
from tasks.settings.settings import Settings

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

Occasion = Literal["failed", "degraded", "guarded", "test"]

WHAT_TO_DO: dict[Occasion, str] = {
    "failed": "Look at the run's log, then start the same command again: what is finished is kept.",
    "degraded": "Lists without the language model stand in where it gave too little, so nobody goes"
    " without. If its server is the cause, check that, then start the same command again: what was"
    " answered is kept.",
    "guarded": "Nothing is broken: some users get base lists, which lately did better for them. See"
    ' the run\'s report, or: palate sql "SELECT * FROM guard ORDER BY run_id DESC".',
    "test": "Nothing: this message shows that messages arrive.",
}


def in_words(error: Exception) -> tuple[str, str | None]:
    """What happened and, where it was foreseen, what to do."""
    if isinstance(error, PalateError):
        return error.what, error.fix
    if isinstance(error, ValidationError):
        places = sorted({".".join(map(str, one["loc"])) for one in error.errors()})
        return f"{type(error).__name__} of {error.title}: {', '.join(places)}", None
    text = _QUOTED.sub(_short, str(error).split("\n", 1)[0])
    return f"{type(error).__name__}: {text}" if text else type(error).__name__, None


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
    texts = (value.get_secret_value().strip() for value in values)
    return sorted((v for v in texts if len(v) >= SHORTEST_SECRET), key=len, reverse=True)


def _short(quoted: re.Match[str]) -> str:
    return "'…'" if len(quoted[2].split()) >= FEWEST_WORDS else quoted[0]


class Message(Record):
    """A night that somebody should know of. `home` is a folder of `host`, `report` a page there."""

    status: Occasion
    reason: str
    what_to_do: str
    flow: str
    run_id: str | None
    dataset: str
    home: str
    host: str
    report: str | None

    @property
    def text(self) -> str:
        """The message for people."""
        lines = [
            f"palate {self.flow} on {self.host}: {self.status}. {self.reason}",
            self.what_to_do,
            f"Data set {self.dataset}, home {self.home}",
        ]
        lines += [f"Run {self.run_id}"] if self.run_id else []
        lines += [f"Report {self.report}"] if self.report else []
        return "\n".join(lines)


def message(
    settings: Settings,
    status: Occasion,
    reason: str,
    what_to_do: str | None = None,
    *,
    run_id: str | None = None,
    report: str | None = None,
) -> Message:
    """A message about a night with these settings."""
    return Message(
        status=status,
        reason=without_secrets(reason),
        what_to_do=without_secrets(what_to_do or WHAT_TO_DO[status]),
        flow="nightly",
        run_id=run_id,
        dataset=settings.data,
        home=url_of(settings.home) or str(settings.home.resolve()),
        host=socket.gethostname(),
        report=report,
    )


def failed(settings: Settings, error: Exception) -> Message:
    """A message about a night that ended with this error."""
    reason, fix = in_words(error)
    return message(settings, "failed", reason, fix)
