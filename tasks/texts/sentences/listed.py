"""People and the items of their lists as a model reads them before it says why."""

import polars as pl

from tasks.core.vocabulary import (
    DATE_AFFINITY,
    ITEM,
    POPULARITY,
    RANK,
    SIMILARITY,
    USER,
    ItemText,
    Profile,
)
from tasks.llm.item_asking import PersonItems
from tasks.llm.options import LlmOptions
from tasks.llm.questions import sentence_parts
from tasks.llm.rendering import item_line, person_block
from tasks.texts.sentences.words import because

PARTS = (SIMILARITY, POPULARITY, DATE_AFFINITY)


def places(lists: pl.DataFrame, people: pl.DataFrame, top: int) -> pl.DataFrame:
    """User, item and parts of the first `top` places of these people, by user and rank."""
    theirs = lists.filter(pl.col(RANK) <= top).join(people.select(USER), on=USER, how="semi")
    return theirs.sort(USER, RANK).select(USER, ITEM, *PARTS)


def make_listed(
    places: pl.DataFrame, profiles: pl.DataFrame, texts: pl.DataFrame, options: LlmOptions
) -> list[PersonItems]:
    """One per user of `places`, in that order: taste, texts, and the parts in words."""
    needed = texts.join(places.select(ITEM), on=ITEM, how="semi")
    known = {row[ITEM]: ItemText.model_validate(row) for row in needed.iter_rows(named=True)}
    with_reasons = places.with_columns(because().alias("because"))
    grouped = with_reasons.group_by(USER, maintain_order=True).agg(ITEM, "because")
    people = grouped.join(profiles, on=USER, how="left", maintain_order="left")
    shown = sentence_parts(options)
    listed = []
    for person in people.iter_rows(named=True):
        items = [known[item] for item in person.pop(ITEM)]
        reasons = person.pop("because")
        lines = [
            f"{item_line(item, shown)} Here because: {reason}."
            for item, reason in zip(items, reasons, strict=True)
        ]
        block = person_block(Profile.model_validate(person))
        listed.append(PersonItems(block, lines, [item.title for item in items]))
    return listed
