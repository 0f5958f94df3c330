"""The scorer that asks a language model how well each item fits a person's taste (PAPER.md, 5)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.progress import bar
from tasks.core.vocabulary import ESTIMATE, ITEM, USER, ItemText, Profile
from tasks.features.similarity.scorer import Scores, ScoringInputs
from tasks.llm.asking import ask_scores
from tasks.llm.item_asking import PersonItems
from tasks.llm.options import EngineOptions
from tasks.llm.rendering import item_line, person_block
from tasks.llm.session import session_for
from tasks.texts.item_texts import BACKGROUND


@dataclass(frozen=True)
class ScoreRequest:
    """A person and the items to judge, in the order of the base list.

    `estimates` are the base model's, one per item, mapped from the data set's scale to [-1, 1].
    """

    profile: Profile
    items: Sequence[ItemText]
    estimates: Sequence[float | None] = ()


def model_scores(asked: ScoringInputs, home: Path, options: EngineOptions) -> Scores:
    """One score (P,) per candidate, from the ledger or the model; NaN where there is none.

    Raises LlmError when no more can be asked; what was answered until then is kept.
    """

    def ask(requests: list[ScoreRequest]) -> Sequence[Sequence[float | None]]:
        people = [as_shown(request, options) for request in requests]
        session = session_for(home, options)
        pairs = sum(len(person.lines) for person in people)
        with bar(f"asking {options.llm_model}", total=pairs) as advance:
            settled = session.settling(advance)
            return session.run(lambda engine: ask_scores(engine, people, settled))

    return person_by_person(asked, ask)


def as_shown(request: ScoreRequest, options: EngineOptions) -> PersonItems:
    """A person and the items as the model reads them."""
    estimates: Sequence[float | None] = request.estimates or [None] * len(request.items)
    pairs = zip(request.items, estimates, strict=True)
    lines = [item_line(item, options.llm_show, estimate) for item, estimate in pairs]
    return PersonItems(person_block(request.profile), lines)


def make_requests(asked: ScoringInputs) -> list[ScoreRequest]:
    """One request per person, sorted by user."""
    low, high = asked.scale
    normal = (2.0 * (pl.col(ESTIMATE) - low) / (high - low) - 1.0).alias(ESTIMATE)
    wanted = asked.candidates.group_by(USER, maintain_order=True).agg(ITEM, normal).sort(USER)
    people = wanted.join(asked.profiles, on=USER, how="left", maintain_order="left")
    mentioned = pl.col(ITEM).is_in(asked.candidates[ITEM].unique().implode())
    needed = asked.texts.filter(mentioned).select(pl.exclude(BACKGROUND))
    by_item = {row[ITEM]: ItemText.model_validate(row) for row in needed.iter_rows(named=True)}
    requests = []
    for person in people.iter_rows(named=True):
        items, estimates = [by_item[item] for item in person.pop(ITEM)], person.pop(ESTIMATE)
        requests.append(ScoreRequest(Profile.model_validate(person), items, estimates))
    return requests


def person_by_person(
    asked: ScoringInputs, ask: Callable[[list[ScoreRequest]], Sequence[Sequence[float | None]]]
) -> Scores:
    """The answers to `make_requests` (None: no score) in the order of the candidates (P,)."""
    answers = ask(make_requests(asked))
    order = asked.candidates.with_row_index("row").sort(USER, maintain_order=True)["row"]
    result = np.full(asked.candidates.height, np.nan)
    flat = [np.nan if score is None else score for scores in answers for score in scores]
    result[order.to_numpy()] = flat
    return result
