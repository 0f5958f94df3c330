"""Whether everything that a night needs is in order."""

from collections.abc import Callable, Iterable

from flows.doctor.finding import Finding, fail
from flows.doctor.home import (
    check_clock,
    check_ledger,
    check_leftovers,
    check_results,
    check_shared,
    check_space,
    check_writable,
)
from flows.doctor.packages import (
    check_data,
    check_embedder,
    check_extras,
    check_packages,
    check_python,
    check_spark,
)
from flows.doctor.services import (
    check_llm,
    check_prefect,
    check_runner,
    check_service,
    check_workers,
)
from tasks.core.errors import PalateError
from tasks.settings.run import Settings

Examine = Callable[[Settings], list[Finding]]

CHECKS: tuple[Examine, ...] = (
    *(check_python, check_packages, check_extras, check_spark),
    *(check_writable, check_shared, check_space, check_leftovers, check_clock),
    *(check_results, check_ledger, check_data, check_embedder),
    *(check_service, check_prefect, check_workers, check_runner, check_llm),
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
