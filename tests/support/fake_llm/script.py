"""The live script: which fault hits the request at hand."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.support.fake_llm.faults import Fault


@dataclass
class _Live:
    fault: Fault
    seen: int = 0
    applied: int = 0

    def wants(self, text: str, batch: bool, schema: bool) -> bool:
        kind = self.fault.kind
        if kind == "obedient" or kind.startswith("batch_") is not batch:
            return False
        return (schema or kind != "refuse_schema") and self.fault.contains in text

    def strikes(self) -> bool:
        spent = self.fault.times is not None and self.applied >= self.fault.times
        return self.seen > self.fault.after and not spent


class Script:
    """Faults in order of precedence; each counts its matching requests for itself."""

    def __init__(self) -> None:
        self._live: list[_Live] = []

    def replace(self, faults: Sequence[dict[str, Any]]) -> None:
        self._live = [_Live(Fault(**fault)) for fault in faults]

    @property
    def obedient(self) -> bool:
        return any(live.fault.kind == "obedient" for live in self._live)

    def take(self, text: str, *, batch: bool = False, schema: bool = False) -> Fault | None:
        """The first live fault that matches, used up by one."""
        matching = [live for live in self._live if live.wants(text, batch, schema)]
        for live in matching:
            live.seen += 1
        for live in matching:
            if live.strikes():
                live.applied += 1
                return live.fault
        return None

    def state(self) -> list[dict[str, Any]]:
        return [asdict(live) for live in self._live]
