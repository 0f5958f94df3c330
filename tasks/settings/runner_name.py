"""Where the tasks of a fan-out run: threads of the command, or processes of a Dask cluster."""

import re
from importlib.util import find_spec
from typing import Annotated

from pydantic import AfterValidator

from tasks.core.errors import SettingsError
from tasks.core.secrets import Secrets

THREADS, LOCAL = "threads", "dask"
PACKAGES = ("distributed", "prefect_dask")
_SCHEDULER = re.compile(r"dask://(?P<place>[^\s/?#@]+:(?P<port>\d{1,5}))/?")


def scheduler_of(runner: str) -> str | None:
    """The address host:port of a scheduler that runs already; None for the other runners."""
    match = _SCHEDULER.fullmatch(runner)
    return match["place"] if match else None


def check_runner(runner: str, *, asks: bool) -> None:
    """Raise SettingsError where a runner lacks a package, or its workers a ledger to share."""
    if runner == THREADS:
        return
    for package in PACKAGES:
        if find_spec(package) is None:
            raise lacks(runner, package)
    if scheduler_of(runner) and asks and Secrets().palate_ledger_url is None:
        raise SettingsError(
            "The ledger of paid answers is a file, which workers of other machines cannot share.",
            "Set PALATE_LEDGER_URL to a Postgres, here and for every worker; or --runner dask.",
        )


def lacks(runner: str, package: str | None) -> SettingsError:
    """The error of a runner whose package is not installed."""
    return SettingsError(
        f"runner: {runner} needs a package that is not installed ({package}).",
        "pip install palate[dask]",
    )


def _known(runner: str) -> str:
    match = _SCHEDULER.fullmatch(runner)
    if runner in {THREADS, LOCAL} or (match and 0 < int(match["port"]) < 65_536):
        return runner
    raise ValueError("must be threads, dask, or a scheduler's address such as dask://10.0.0.5:8786")


RunnerName = Annotated[str, AfterValidator(_known)]
