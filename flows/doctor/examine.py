"""Whether everything that a night needs is in order."""

from collections.abc import Callable, Iterable

from flows.doctor.finding import Finding, fail
from flows.doctor.folder import (
    check_clock,
    check_leftovers,
    check_shared,
    check_space,
    check_writable,
)
from flows.doctor.inputs import check_data, check_embedder
from flows.doctor.packages import check_extras, check_packages, check_python, check_spark
from flows.doctor.services import check_llm, check_prefect, check_workers
from flows.doctor.stores import check_ledger, check_results
from flows.runner import check_runner
from flows.service.check import check_standing
from tasks.core.errors import PalateError
from tasks.settings.settings import Settings

Check = Callable[[Settings], list[Finding]]

CHECKS: tuple[Check, ...] = (
    *(check_python, check_packages, check_extras, check_spark),
    *(check_writable, check_shared, check_space, check_leftovers, check_clock),
    *(check_results, check_ledger),
    *(check_data, check_embedder),
    *(check_standing, check_prefect, check_workers, check_runner, check_llm),
)
"""In the order in which they are told. One more is one function more."""


def examine(settings: Settings, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """What all checks find; one that breaks is a finding too, and the others still run."""
    return [finding for check in checks for finding in _found_by(check, settings)]


def _found_by(check: Check, settings: Settings) -> list[Finding]:
    name = check.__name__.removeprefix("check_")
    try:
        return check(settings)
    except PalateError as error:
        return [fail(name, error.what, error.fix)]
    except Exception as error:  # a broken installation raises anything
        told = f"the check itself failed ({type(error).__name__})"
        return [fail(name, told, "Install the locked dependencies again; else report it.")]
