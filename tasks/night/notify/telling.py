"""Who is told of a night, and when. Whether that works never changes what became of the night."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from prefect.exceptions import MissingContextError
from prefect.logging import get_run_logger
from pydantic import SecretStr
from rich.markup import escape

from tasks.core.errors import NotifyError, StoppedError
from tasks.core.progress import say
from tasks.core.secrets import Secrets
from tasks.night.notify.message import Message, Status, failed, message
from tasks.night.notify.program import run_program
from tasks.night.notify.webhook import post
from tasks.settings.settings import Settings


def notify(settings: Settings, about: Message) -> None:
    """Tell whoever is to be told; what goes wrong is only said."""
    for problem in problems_telling(settings, about):
        what = f"nobody was told that the night was {about.status}: {problem.what}"
        say(f"  [red]{escape(what)}[/]")
        with suppress(MissingContextError):
            get_run_logger().warning(what)


def problems_telling(settings: Settings, about: Message) -> list[NotifyError]:
    """Tell whoever is to be told, each whatever became of the other; gives what went wrong."""
    problems = []
    for tell in _ways(settings, about):
        try:
            tell()
        except NotifyError as error:
            problems.append(error)
        except Exception as error:  # a night that is well must stay so
            problems.append(NotifyError(f"Telling failed ({type(error).__name__}).", ""))
    return problems


def is_anybody_told(settings: Settings) -> bool:
    """Whether there is a program or an address."""
    return bool(settings.night.notify_command or _address())


def tell_outcome(
    settings: Settings,
    status: str,
    reason: str | None,
    run_id: str | None = None,
    report: str | None = None,
) -> None:
    """Notify of a night that ended `degraded` or `guarded`; of a complete one nobody is told."""
    known: dict[str, Status] = {"degraded": "degraded", "guarded": "guarded"}
    if status in known:
        said = message(settings, known[status], reason or "", run_id=run_id, report=report)
        notify(settings, said)


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


def _ways(settings: Settings, about: Message) -> Iterator[Callable[[], None]]:
    if settings.night.notify_command:
        yield lambda: run_program(settings.night.notify_command, about)
    if address := _address():
        yield lambda: post(address, about)


def _address() -> SecretStr | None:
    address = Secrets().palate_notify_url
    return address if address and address.get_secret_value().strip() else None
