"""Stages run as plain functions, without Prefect, for tests of how flows put them together."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from prefect import Task

from tasks.core.steps import Steps
from tests.support.worlds import Made


class Call(NamedTuple):
    """One stage that ran: what it was given, and what it gave."""

    stage: str
    part: str
    given: Mapping[str, Any]
    gave: Any


class Direct(Steps):
    """Steps that run every stage anew, here and at once, and keep the calls in their order."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.calls: list[Call] = []

    def run(self, stage: Task[..., Any], part: str = "", **parameters: Any) -> Any:
        result = stage.fn(home=self.home, **parameters)
        self.record(stage.name, part, parameters, result)
        return result

    def record(self, stage: str, part: str, given: Mapping[str, Any], gave: Any) -> None:
        """Keep one more call."""
        self.calls.append(Call(stage, part, given, gave))

    def run_each(
        self, stage: Task[..., Any], part: str, calls: Iterable[Mapping[str, Any]]
    ) -> list[Any]:
        return [self.run(stage, part, **call) for call in calls]

    def of(self, stage: str) -> list[Call]:
        """The calls of one stage."""
        return [call for call in self.calls if call.stage == stage]

    @property
    def made(self) -> Made:
        """What every stage gave."""
        found: Made = {}
        for call in self.calls:
            found.setdefault(call.stage, []).append(call.gave)
        return found
