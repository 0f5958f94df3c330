"""A ledger in memory: what the asking keeps of answers, without a database."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from tasks.llm.ledger.ledger import Ledger


class StubLedger:
    """Its changes are plain tuples; `commit` makes them so."""

    def __init__(self) -> None:
        self.scores: dict[tuple[str, str, str], float] = {}
        self.texts: dict[tuple[str, str], str] = {}

    @property
    def real(self) -> Ledger:
        """Itself, as what takes a `Ledger` wants it."""
        return cast(Ledger, self)

    async def scores_of(self, judge: str, person: str, items: Iterable[str]) -> dict[str, float]:
        found = {item: self.scores.get((judge, person, item)) for item in items}
        return {item: score for item, score in found.items() if score is not None}

    async def texts_about(self, judge: str, things: Iterable[str]) -> dict[str, str]:
        return {thing: self.texts[judge, thing] for thing in things if (judge, thing) in self.texts}

    def keep_scores(
        self, _request_id: str, judge: str, person: str, found: Mapping[str, float]
    ) -> Any:
        return [(self.scores, (judge, person, item), score) for item, score in found.items()]

    def keep_text(self, _request_id: str, judge: str, about: str, text: str) -> Any:
        return [(self.texts, (judge, about), text)]

    def keep_texts(self, _request_id: str, judge: str, found: Mapping[str, str]) -> Any:
        return [(self.texts, (judge, about), text) for about, text in found.items()]

    def commit(self, changes: Sequence[Any]) -> None:
        for table, key, value in changes:
            table.setdefault(key, value)
