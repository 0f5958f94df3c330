"""People and the items of their lists as a model reads them before it says why.

It is shown the parts of an item's score in words, not in figures: words stay the same from night to
night while figures move a little, so that nothing is asked twice; and a model would quote figures.
"""

from collections.abc import Sequence

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

PARTS = (SIMILARITY, POPULARITY, DATE_AFFINITY)


Steps = Sequence[tuple[float, str]]
"""From which value on which words hold, highest first; the last hold for all below."""

LOWEST = float("-inf")
IN_WORDS: dict[str, Steps] = {
    SIMILARITY: (
        (0.6, "close to their taste"),
        (0.3, "fits their taste"),
        (0.0, "not far from their taste"),
        (LOWEST, "unlike their taste"),
    ),
    POPULARITY: (
        (0.85, "among the best known"),
        (0.6, "known to many"),
        (0.3, "known to some"),
        (1e-9, "known to few"),
        (LOWEST, "rated by nobody yet"),
    ),
    DATE_AFFINITY: (
        (0.7, "from years that they rate most"),
        (0.3, "from years that they also rate"),
        (LOWEST, "from years that they seldom rate"),
    ),
}


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


def because() -> pl.Expr:
    """What put an item into a list, as "fits their taste, known to few"; without unknown parts."""
    parts = [_in_words(name, steps) for name, steps in IN_WORDS.items()]
    return pl.concat_str(parts, separator=", ", ignore_nulls=True)


def _in_words(name: str, steps: Steps) -> pl.Expr:
    value = pl.col(name)
    words = pl.lit(None, pl.String)
    for least, step in reversed(steps):
        words = pl.when(value >= least).then(pl.lit(step)).otherwise(words)
    return pl.when(value.is_nan()).then(None).otherwise(words)
