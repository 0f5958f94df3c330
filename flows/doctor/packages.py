"""Python and the installed packages, against what palate requires."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flows.doctor.finding import Finding, fail, ok, warn
from tasks.core.homes import url_of
from tasks.models.spark_session import check_installed
from tasks.settings.settings import Settings

REINSTALL = "Install the locked dependencies again (make, or uv pip sync requirements.lock)."

KNOWN_BAD = {"fastapi": (">=0.140", "Prefect 3.8.8 fails on every flow with fastapi 0.165")}
"""Versions known to break something, and what."""


def check_python(_settings: Settings) -> list[Finding]:
    """The interpreter against what palate requires."""
    wanted = str(metadata("palate")["Requires-Python"])
    found = platform.python_version()
    if SpecifierSet(wanted).contains(found, prereleases=True):
        return [ok("python", f"Python {found}")]
    return [fail("python", f"Python {found}, palate needs {wanted}", "make PYTHON=python3.12 ...")]


def check_packages(_settings: Settings) -> list[Finding]:
    """Every package that palate requires: there, and of a version that it works with."""
    wanted = list(required(""))
    wrong = [problem for one in wanted if (problem := problem_of(one))]
    found = [fail("packages", problem, REINSTALL) for problem in wrong]
    return found or [ok("packages", f"{len(wanted)} packages, of versions that palate works with")]


def check_extras(settings: Settings) -> list[Finding]:
    """Which extras are installed; those that the settings ask for must be."""
    names = metadata("palate").get_all("Provides-Extra") or []
    absent = [name for name in names if any(problem_of(one) for one in required(name))]
    present = [name for name in names if name not in absent]
    told = (
        f"installed: {', '.join(present) or 'none'}; not installed: {', '.join(absent) or 'none'}"
    )
    return [ok("extras", told), *_wanted_extras(settings, absent)]


def _wanted_extras(settings: Settings, absent: list[str]) -> Iterator[Finding]:
    for extra, model in {"als": "als", "fast": "svdpp-fast"}.items():
        if extra in absent and model in _models(settings):
            told = f"the base model {model} is not installed"
            yield fail("extras", told, f"pip install palate[{extra}]")
    if "s3" in absent and url_of(settings.home):
        yield fail("extras", "a home on s3:// needs s3fs", "pip install palate[s3]")
    if "trees" in absent and settings.method.learn_trees:
        told = "the default method goes without boosted trees"
        yield warn("extras", told, "pip install palate[trees]")


def check_spark(settings: Settings) -> list[Finding]:
    """Pyspark and Java are there; nothing to say where no base model is Spark's."""
    if "spark-als" not in _models(settings):
        return []
    check_installed()
    return [ok("spark", "pyspark and Java are there")]


def _models(settings: Settings) -> set[str]:
    return {settings.method.model, *settings.method.sources}


def required(extra: str) -> Iterator[Requirement]:
    """What palate requires on this machine, or what one of its extras adds."""
    for text in metadata("palate").get_all("Requires-Dist") or []:
        one = Requirement(text)
        always = one.marker is None or one.marker.evaluate({"extra": ""})
        if always != bool(extra) and (
            not extra or (one.marker and one.marker.evaluate({"extra": extra}))
        ):
            yield one


def problem_of(wanted: Requirement) -> str | None:
    """What is wrong with an installed package, None if nothing is."""
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is not installed ({wanted.specifier or 'any version'} is needed)"
    bad, why = KNOWN_BAD.get(wanted.name, ("", ""))
    if bad and SpecifierSet(bad).contains(found, prereleases=True):
        return f"{wanted.name} {found}: {why}"
    if not wanted.specifier.contains(found, prereleases=True):
        return f"{wanted.name} {found}, palate needs {wanted.specifier}"
    return None
