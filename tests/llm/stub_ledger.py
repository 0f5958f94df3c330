"""A ledger in memory: what the asking keeps of answers, without a database."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from tasks.llm.ledger.ledger import Ledger
from tasks.llm.questions import QUESTIONS, Kept
from tasks.llm.requests import Subject


class StubLedger:
    """Keeps at once what a real ledger commits."""

    def __init__(self) -> None:
        self.scores: dict[tuple[str, str, str], float] = {}
        self.texts: dict[tuple[str, str], str] = {}

    @property
    def real(self) -> Ledger:
        """Itself, as what takes a `Ledger` wants it."""
        return cast(Ledger, self)

    async def values_of(
        self, keeps: Kept, judge: str, person: str, items: Iterable[str]
    ) -> dict[str, Any]:
        if keeps == "scores":
            return await self.scores_of(judge, person, items)
        return await self.texts_about(judge, items)

    async def scores_of(self, judge: str, person: str, items: Iterable[str]) -> dict[str, float]:
        known = {item: self.scores.get((judge, person, item)) for item in items}
        return {item: score for item, score in known.items() if score is not None}

    async def texts_about(self, judge: str, things: Iterable[str]) -> dict[str, str]:
        return {thing: self.texts[judge, thing] for thing in things if (judge, thing) in self.texts}

    def keep(self, subject: Subject, values: Mapping[str, Any]) -> None:
        if QUESTIONS[subject.kind].keeps == "scores":
            self.keep_scores(subject.judge, subject.context["person"], values)
        else:
            self.keep_texts(subject.judge, values)

    def keep_scores(self, judge: str, person: str, values: Mapping[str, float]) -> None:
        for item, score in values.items():
            self.scores.setdefault((judge, person, item), score)

    def keep_texts(self, judge: str, values: Mapping[str, str]) -> None:
        for about, text in values.items():
            self.texts.setdefault((judge, about), text)
