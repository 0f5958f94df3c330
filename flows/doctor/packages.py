"""What a night needs beside its home: Python, packages, the data set and the embedding model."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

import numpy as np
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from flows.doctor.finding import Finding, fail, ok, warn
from tasks.core.homes import url_of
from tasks.core.targets import target_of
from tasks.data import catalogue
from tasks.data.catalogue import ML_LATEST_SMALL
from tasks.models.spark_session import check_installed
from tasks.settings.settings import Settings
from tasks.texts.embedder import Embedder

REINSTALL = "Install the locked dependencies again (make, or uv pip sync requirements.lock)."

KNOWN_BAD = {"fastapi": (">=0.140", "Prefect 3.8.8 fails on every flow with fastapi 0.165")}
"""Versions known to break something, and what."""

RENAMED = {"standing"}
"""Extras that have another name by now."""


def check_python(_settings: Settings) -> list[Finding]:
    """The interpreter against what palate requires."""
    wanted = str(metadata("palate")["Requires-Python"])
    running = platform.python_version()
    if SpecifierSet(wanted).contains(running, prereleases=True):
        return [ok("python", f"Python {running}")]
    return [
        fail("python", f"Python {running}, palate needs {wanted}", "make PYTHON=python3.12 ...")
    ]


def check_packages(_settings: Settings) -> list[Finding]:
    """Every package that palate requires: there, and of a version that it works with."""
    wanted = list(required(""))
    problems = [problem for one in wanted if (problem := problem_of(one))]
    wrong = [fail("packages", problem, REINSTALL) for problem in problems]
    return wrong or [ok("packages", f"{len(wanted)} packages, of versions that palate works with")]


def check_extras(settings: Settings) -> list[Finding]:
    """Which extras are installed; those that the settings ask for must be."""
    names = set(metadata("palate").get_all("Provides-Extra") or []) - RENAMED
    absent = [name for name in sorted(names) if any(map(problem_of, required(name)))]
    present = sorted(names - set(absent))
    there, not_there = (", ".join(names) or "none" for names in (present, absent))
    summary = ok("extras", f"installed: {there}; not installed: {not_there}")
    return [summary, *_wanted_extras(settings, absent)]


def _wanted_extras(settings: Settings, absent: list[str]) -> Iterator[Finding]:
    for extra, model in {"als": "als", "fast": "svdpp-fast"}.items():
        if extra in absent and model in _models(settings):
            what = f"the base model {model} is not installed"
            yield fail("extras", what, f"pip install palate[{extra}]")
    if "s3" in absent and url_of(settings.home):
        yield fail("extras", "a home on s3:// needs s3fs", "pip install palate[s3]")
    if "redis" in absent and any(target_of(g).kind == "redis" for g in settings.night.publish_to):
        yield fail("extras", "publish_to names Redis", "pip install palate[redis]")
    if "trees" in absent and settings.method.learn_trees:
        what = "the default method goes without boosted trees"
        yield warn("extras", what, "pip install palate[trees]")


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
        installed = version(wanted.name)
    except PackageNotFoundError:
        return f"{wanted.name} is not installed ({wanted.specifier or 'any version'} is needed)"
    bad, why = KNOWN_BAD.get(wanted.name, ("", ""))
    if bad and SpecifierSet(bad).contains(installed, prereleases=True):
        return f"{wanted.name} {installed}: {why}"
    if not wanted.specifier.contains(installed, prereleases=True):
        return f"{wanted.name} {installed}, palate needs {wanted.specifier}"
    return None


def check_data(settings: Settings) -> list[Finding]:
    """What `--data` names is there; the check downloads nothing."""
    data = settings.data
    beside = Path(os.environ.get(catalogue.DATA_DIR) or data) / data
    if data == ML_LATEST_SMALL.name and not (Path(data).is_dir() or beside.is_dir()):
        return [ok("data", f"{data} is downloaded by the first night, from {ML_LATEST_SMALL.url}")]
    queries = catalogue.queries_of(data)
    if queries is not None:
        queries.check()
        return [ok("data", f"{data}: {queries.database.shown} answers")]
    source = catalogue.find(data, settings.home)
    return [ok("data", f"{data}: {', '.join(file.name for file in source.files)}")]


def check_embedder(_settings: Settings) -> list[Finding]:
    """The embedding model loads and gives unit vectors."""
    ((_, vectors),) = Embedder().embed(["a quiet film about trains"])
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3):
        return [fail("embedder", "it gives no unit vectors", REINSTALL)]
    return [ok("embedder", f"{Embedder.version} loads")]
