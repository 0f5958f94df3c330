"""Stages: typed functions from artifacts and values to a result, kept under a key of their inputs.

A stage is persisted, keyed by content, and verified on a hit: `FlowSteps` run it as a Prefect task,
`DirectSteps` as the function that it is. What counts in its key beside its parameters, what does
not count, and what its result is part of is said where the stage is defined, and nowhere else.
"""

import hashlib
import inspect
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar

from pydantic_core import to_json

from tasks.core.artifacts import artifacts_in, note_work
from tasks.core.full_disk import watching_disk
from tasks.core.homes import here
from tasks.core.lock import in_use
from tasks.core.vocabulary import Artifact

P = ParamSpec("P")
R = TypeVar("R")

Role = Literal["data", "candidates", "order", "figures"]
"""What a stage's result is part of: what is known, a base list, its new order, or what is shown and
measured of lists. A new version of anything but `figures` makes every list anew."""

Rows = tuple[int, int]
"""Which rows of the table of users, or of items, a chunk is: the first, and the one after it."""


@dataclass(frozen=True)
class Stage(Generic[P, R]):
    """A function (home, **parameters) -> result, and how its result is kept.

    `fn` computes, without looking at what is kept. `also`: see `stage`.
    """

    name: str
    versions: tuple[str, ...]
    role: Role
    fn: Callable[Concatenate[Path, P], R]
    detail: str | None = None
    not_in_key: frozenset[str] = frozenset()
    also: Callable[[Mapping[str, Any]], object] | None = None
    counts_if_given: frozenset[str] = frozenset()

    def key(self, parameters: Mapping[str, Any]) -> str:
        """What the result of a call is kept under."""
        absent = {name for name in self.counts_if_given if parameters.get(name) is None}
        left_out = self.not_in_key | absent
        given = {k: v for k, v in parameters.items() if k not in left_out}
        more = [self.also(parameters)] if self.also else []
        digest = hashlib.sha256(to_json([self.name, self.versions, given, *more])).hexdigest()
        return f"{self.name.replace(' ', '-')}-{digest[:40]}"

    def parameters(self, home: Path, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """All parameters of a call by name, defaults included."""
        bound = inspect.signature(self.fn).bind(home, *args, **kwargs)
        bound.apply_defaults()
        return bound.arguments


@dataclass(frozen=True)
class ChunkStage(Generic[P]):
    """A stage (home, rows, **parameters) -> table or arrays of a chunk of rows."""

    stage: Stage[Concatenate[Rows, P], Artifact]


STAGES: dict[str, Stage[..., Any]] = {}
"""Every stage that is defined, by name."""


def stage(
    name: str,
    logic: str,
    *libraries: str,
    role: Role = "order",
    not_in_key: Iterable[str] = (),
    also: Callable[[Mapping[str, Any]], object] | None = None,
    detail: str | None = None,
    counts_if_given: Iterable[str] = (),
) -> Callable[[Callable[Concatenate[Path, P], R]], Stage[P, R]]:
    """Make a stage of a function whose parameters are plain values and artifacts.

    The key is the stage's name, the version of its `logic` (raise it when the same input would give
    another output), the versions of the `libraries` that decide the output, and the parameters,
    where an artifact stands for its content. `not_in_key` names parameters that say where things
    lie or how they are reached, not what they are; `also` gives what else counts (the version of an
    optional library, of a model's weights), from the parameters. `detail` names a parameter whose
    value is shown beside the stage's name. `counts_if_given` names parameters that count unless
    they are None: so one may be added without making anew what never had it.
    """
    versions = (logic, *(f"{library}={installed(library)}" for library in libraries))
    left_out = frozenset({"home", *not_in_key})

    def define(function: Callable[Concatenate[Path, P], R]) -> Stage[P, R]:
        counted = frozenset(counts_if_given)
        made = Stage(name, versions, role, _timed(function), detail, left_out, also, counted)
        STAGES[name] = made
        return made

    return define


def chunk_stage(
    name: str,
    logic: str,
    *libraries: str,
    role: Role = "order",
    not_in_key: Iterable[str] = (),
    also: Callable[[Mapping[str, Any]], object] | None = None,
    detail: str | None = None,
    counts_if_given: Iterable[str] = (),
) -> Callable[[Callable[Concatenate[Path, Rows, P], Artifact]], ChunkStage[P]]:
    """The same for a function that works on some rows at a time; `Steps.chunks` joins its results.

    In tables sorted by user, the rows of a chunk are those of users who follow each other.
    """
    make = stage(
        name,
        logic,
        *libraries,
        role=role,
        not_in_key=not_in_key,
        also=also,
        detail=detail,
        counts_if_given=counts_if_given,
    )
    return lambda function: ChunkStage(make(function))


def list_versions() -> dict[str, tuple[str, ...]]:
    """The versions of every stage that has a part in lists, by name."""
    return {name: one.versions for name, one in STAGES.items() if one.role != "figures"}


def _timed(function: Callable[Concatenate[Path, P], R]) -> Callable[Concatenate[Path, P], R]:
    """The same function, which notes beside every file it makes how long that took."""

    @wraps(function)
    def timed(home: Path, *args: P.args, **kwargs: P.kwargs) -> R:
        started, home = time.monotonic(), here(home)
        with watching_disk(home):
            with in_use(home):  # a worker's process may outlive the command
                result = function(home, *args, **kwargs)
            for artifact in made_by(result, [*args, *kwargs.values()]):
                note_work(home, artifact, time.monotonic() - started)
        return result

    return timed  # type: ignore[return-value]


def made_by(result: object, given: Iterable[object]) -> list[Artifact]:
    """The artifacts of a result but for those that were given: one chunk joined is that chunk."""
    known = set(artifacts_in(list(given)))
    return [artifact for artifact in artifacts_in(result) if artifact not in known]
