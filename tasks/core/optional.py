"""Packages that an install may lack."""

from importlib.metadata import PackageNotFoundError, version


def version_of(package: str) -> str:
    """The installed version of an optional package, "" without it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
