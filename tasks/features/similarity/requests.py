"""Each person's part of what is asked, for scorers that ask about one person at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.core.vocabulary import ESTIMATE, ITEM, USER, ItemText, Profile
from tasks.features.similarity.scorer import Scores, ScoringInputs
from tasks.texts.item_texts import BACKGROUND


@dataclass(frozen=True)
class ScoreRequest:
    """A person and the items to judge, in the order of the base list.

    `estimates` are the base model's, one per item, mapped from the data set's scale to [-1, 1].
    """

    profile: Profile
    items: Sequence[ItemText]
    estimates: Sequence[float | None] = ()


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
