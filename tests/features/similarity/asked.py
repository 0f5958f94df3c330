"""Questions to scorers, from plain words: one person after the other, and what each is asked."""

from typing import Any, NamedTuple

import polars as pl

from tasks.features.similarity.scorer import ScoringInputs
from tasks.texts.item_texts import BACKGROUND

NAMED = pl.List(pl.Struct({"item": pl.Int64, "title": pl.String, "rating": pl.Float64}))


class Person(NamedTuple):
    """What somebody says and names, and the items to judge: all of it texts."""

    text: str
    liked: list[str]
    items: list[str]


def asked(people: list[Person], background: list[str] | None = None) -> ScoringInputs:
    """The question; a text's item is its place among all texts."""
    shown = background or []
    mentioned = [t for p in people for t in (*p.liked, *p.items)]
    texts = sorted({*mentioned, *shown})
    place = {text: number for number, text in enumerate(texts)}

    def named(some: list[str]) -> list[dict[str, Any]]:
        return [{"item": place[text], "title": text, "rating": 1.0} for text in some]

    profiles = pl.DataFrame(
        {
            "user": range(len(people)),
            "text": [p.text for p in people],
            "favourites": [named(p.liked) for p in people],
        },
        schema_overrides={"favourites": NAMED, "user": pl.Int64},
    )
    pairs = [(user, place[text], 3.0) for user, p in enumerate(people) for text in p.items]
    table = pl.DataFrame(
        {"item": range(len(texts)), "text": texts}, schema_overrides={"item": pl.Int64}
    )
    return ScoringInputs(
        candidates=pl.DataFrame(
            pairs, {"user": pl.Int64, "item": pl.Int64, "estimate": pl.Float64}, orient="row"
        ),
        profiles=profiles,
        texts=table.with_columns(pl.col("text").is_in(shown).alias(BACKGROUND)),
        scale=(1.0, 5.0),
    )
