"""What is told of a night: no key, nothing that a person wrote, nothing of what was asked."""

import socket
from typing import Literal

from tasks.core.homes import url_of
from tasks.core.vocabulary import Record
from tasks.night.notify.redacted import in_words, without_secrets
from tasks.settings.settings import Settings

Status = Literal["failed", "degraded", "guarded", "test"]

WHAT_TO_DO: dict[Status, str] = {
    "failed": "Look at the run's log, then start the same command again: what is finished is kept.",
    "degraded": "Base lists are published, so nobody goes without. Check the language model's"
    " server, then start the same command again: what was answered is kept.",
    "guarded": "Nothing is broken: base lists are published for whom they did better lately. See"
    ' the run\'s report, or: palate sql "SELECT * FROM guard ORDER BY run_id DESC".',
    "test": "Nothing: this message shows that messages arrive.",
}


class Message(Record):
    """A night that somebody should know of. `home` is a folder of `host`, `report` a page there."""

    status: Status
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
    status: Status,
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
