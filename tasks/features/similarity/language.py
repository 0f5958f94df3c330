"""The scorer that asks a language model how well each item fits a person's taste (PAPER.md, 5)."""

from collections.abc import Sequence
from pathlib import Path

from tasks.core.progress import bar
from tasks.features.similarity.requests import ScoreRequest, person_by_person
from tasks.features.similarity.scorer import Scores, ScoringInputs
from tasks.llm.asking import ask_scores
from tasks.llm.item_asking import PersonItems
from tasks.llm.options import EngineOptions
from tasks.llm.questions import score_question
from tasks.llm.rendering import item_line, person_block
from tasks.llm.session import session_for


class LanguageScorer:
    """Scores from the ledger where it has them, else from the model."""

    def __init__(self, home: Path, options: EngineOptions) -> None:
        self._home, self._options = home, options
        self.version = score_question(options).judge(options)
        if options.llm_ask == "list":
            self.version += f" {options.llm_window}/{options.llm_stride}"

    def score(self, asked: ScoringInputs) -> Scores:
        """One score (P,) per candidate; NaN where the model gave no valid one.

        Raises LlmError when no more can be asked; what was answered until then is kept.
        """
        return person_by_person(asked, self._ask)

    def _ask(self, requests: list[ScoreRequest]) -> Sequence[Sequence[float | None]]:
        people = [as_shown(request, self._options) for request in requests]
        session = session_for(self._home, self._options)
        pairs = sum(len(person.lines) for person in people)
        with bar(f"asking {self._options.llm_model}", total=pairs) as advance:
            settled = session.settling(advance)
            return session.run(lambda engine: ask_scores(engine, people, settled))


def as_shown(request: ScoreRequest, options: EngineOptions) -> PersonItems:
    """A person and the items as the model reads them."""
    estimates: Sequence[float | None] = request.estimates or [None] * len(request.items)
    pairs = zip(request.items, estimates, strict=True)
    lines = [item_line(item, options.llm_show, estimate) for item, estimate in pairs]
    return PersonItems(person_block(request.profile), lines)
