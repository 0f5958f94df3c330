"""Packages that an install may lack."""

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from tasks.core.errors import PalateError


def version_of(package: str) -> str:
    """The installed version of an optional package, "" without it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def require(module: str, extra: str, who: str) -> None:
    """Raise PalateError where `who` needs a module of an extra, and it is not installed."""
    if find_spec(module) is None:
        raise PalateError(
            f"{who} needs the package {module}, which is not installed.",
            f"Install it: pip install 'palate[{extra}]'.",
        )
