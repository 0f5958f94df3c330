"""Whether everything that a night needs is in order."""

from collections.abc import Callable, Iterable

from flows.doctor import home, packages, services
from flows.doctor.finding import Finding, fail
from tasks.core.errors import PalateError
from tasks.settings.settings import Settings

Examine = Callable[[Settings], list[Finding]]

CHECKS: tuple[Examine, ...] = (
    *(packages.check_python, packages.check_packages, packages.check_extras),
    *(packages.check_spark, home.check_writable, home.check_shared, home.check_space),
    *(home.check_leftovers, home.check_clock, home.check_results, home.check_ledger),
    *(packages.check_data, packages.check_embedder, services.check_service),
    *(
        services.check_prefect,
        services.check_workers,
        services.check_runner,
        services.check_targets,
    ),
    services.check_llm,
)
"""In the order in which they are shown. One more is one function more."""


def examine(settings: Settings, checks: Iterable[Examine] = CHECKS) -> list[Finding]:
    """The findings of all checks; one that breaks is a finding too, and the others still run."""
    return [finding for check in checks for finding in _findings_of(check, settings)]


def _findings_of(check: Examine, settings: Settings) -> list[Finding]:
    name = check.__name__.removeprefix("check_")
    try:
        return check(settings)
    except PalateError as error:
        return [fail(name, error.what, error.fix)]
    except Exception as error:  # a broken installation raises anything
        what = f"the check itself failed ({type(error).__name__})"
        return [fail(name, what, "Install the locked dependencies again; else report it.")]
