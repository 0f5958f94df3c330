"""Who gets a message about a night, and when. Whether it arrives never changes the night."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pydantic import SecretStr
from rich.markup import escape

from tasks.core.errors import NotifyError, StoppedError
from tasks.core.progress import say
from tasks.core.secrets import Secrets
from tasks.night.notify.channels import post, run_program
from tasks.night.notify.message import Message, Occasion, failed, message
from tasks.settings.settings import Settings


def notify(settings: Settings, about: Message) -> None:
    """Send a message to every recipient; what goes wrong is only logged."""
    for problem in send(settings, about):
        what = f"no message that the night was {about.status}: {problem.what}"
        say(f"  [red]{escape(what)}[/]")
        _warn_in_run(what)


def _warn_in_run(what: str) -> None:
    """Log it where Prefect shows the run, if this is one: what is none has not loaded Prefect."""
    if "prefect" not in sys.modules:
        return
    from prefect.exceptions import MissingContextError  # noqa: PLC0415
    from prefect.logging import get_run_logger  # noqa: PLC0415

    with suppress(MissingContextError):
        get_run_logger().warning(what)


def send(settings: Settings, about: Message) -> list[NotifyError]:
    """Send a message to every recipient, whatever became of the others; gives what went wrong."""
    problems = []
    for send_it in _channels(settings, about):
        try:
            send_it()
        except NotifyError as error:
            problems.append(error)
        except Exception as error:  # a night that is well must stay so
            problems.append(NotifyError(f"Sending failed ({type(error).__name__}).", ""))
    return problems


def has_recipient(settings: Settings) -> bool:
    """Whether there is a program or an address."""
    return bool(settings.night.notify_command or _address())


def notify_outcome(
    settings: Settings,
    status: str,
    reason: str | None,
    run_id: str | None = None,
    report: str | None = None,
) -> None:
    """Notify of a night that ended `degraded` or `guarded`; of a complete one nobody hears."""
    occasions: dict[str, Occasion] = {"degraded": "degraded", "guarded": "guarded"}
    if occasion := occasions.get(status):
        about = message(settings, occasion, reason or "", run_id=run_id, report=report)
        notify(settings, about)


@contextmanager
def notifying(settings: Settings) -> Iterator[None]:
    """Notify when what runs inside fails, and let it fail; Ctrl-C is no failure."""
    try:
        yield
    except StoppedError:
        raise
    except Exception as error:
        notify(settings, failed(settings, error))
        raise


def _channels(settings: Settings, about: Message) -> Iterator[Callable[[], None]]:
    if settings.night.notify_command:
        yield lambda: run_program(settings.night.notify_command, about)
    if address := _address():
        yield lambda: post(address, about)


def _address() -> SecretStr | None:
    address = Secrets().palate_notify_url
    return address if address and address.get_secret_value().strip() else None
