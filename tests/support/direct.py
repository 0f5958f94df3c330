"""Stages run as plain functions, without Prefect, for tests of how flows put them together."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from tasks.core.stage import Stage
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact

P = ParamSpec("P")
R = TypeVar("R")

Made = dict[str, list[Any]]
"""What every stage gave, by its name."""


class Call(NamedTuple):
    """One stage that ran: what it was given, by parameter, and what it gave."""

    stage: str
    part: str
    given: Mapping[str, Any]
    gave: Any


def made_of(calls: Iterable[Call]) -> Made:
    """What every stage gave."""
    made: Made = {}
    for call in calls:
        made.setdefault(call.stage, []).append(call.gave)
    return made


class Direct(Steps):
    """Steps that run every stage anew, here and at once, and keep the calls in their order."""

    def __init__(self, home: Path, part: str = "", calls: list[Call] | None = None) -> None:
        super().__init__(home, part)
        self.calls: list[Call] = [] if calls is None else calls

    def at(self, part: str) -> "Direct":
        return Direct(self.home, part, self.calls)

    def run(self, stage: Stage[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        given = stage.parameters(self.home, *args, **kwargs)
        gave = stage.fn(self.home, *args, **kwargs)
        self.calls.append(Call(stage.name, self.part, given, gave))
        return gave

    def _run_each(self, stage: Stage[..., Artifact], calls: list[dict[str, Any]]) -> list[Artifact]:
        for given in calls:
            compute: Callable[..., Artifact] = stage.fn
            self.calls.append(Call(stage.name, self.part, given, compute(**given)))
        return [call.gave for call in self.calls[len(self.calls) - len(calls) :]]

    def of(self, stage: str) -> list[Call]:
        """The calls of one stage."""
        return [call for call in self.calls if call.stage == stage]

    @property
    def made(self) -> Made:
        """What every stage gave."""
        return made_of(self.calls)
