"""Heads of learned lists: what of them is known beside the order, and a sample of people."""

import hashlib
from collections.abc import Mapping

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM, RANK, TEXT, USER
from tasks.features.table import LABEL

HISTORY = "history"
"""Ratings of the person."""
KNOWN = "known"
"""Ratings of the item."""
RICHNESS = "richness"
"""Log of 1 + the characters of the item's text."""
FITTING = "fitting"
"""Whether a person of a sample is one to fit on; the others are to judge on."""
ASKED = "asked"
"""Whether the model is asked about a row of a head."""
RELEVANT = "relevant"
"""Held-out items that the person liked, in the head or not."""

FEW_RATINGS = 10
"""People and items with fewer are new."""

NEW_PEOPLE, WARM_PEOPLE, NEW_ITEMS = "new people", "warm people", "new items"
PARTS = (NEW_PEOPLE, WARM_PEOPLE, NEW_ITEMS)
"""What is decided on each by itself; new items are those of warm people's heads."""


def described(
    heads: pl.DataFrame, ratings: pl.DataFrame, everybody: pl.DataFrame, texts: pl.DataFrame
) -> pl.DataFrame:
    """The heads (user, item, ...) with HISTORY, KNOWN and RICHNESS, in their order.

    `ratings` are those of the people, `everybody`'s say how well items are known.
    """
    history = ratings.group_by(USER).len(HISTORY)
    known = everybody.group_by(ITEM).len(KNOWN)
    richness = pl.col(TEXT).str.len_chars().fill_null(0).log1p().alias(RICHNESS)
    return (
        heads.join(history, on=USER, how="left", maintain_order="left")
        .join(known, on=ITEM, how="left", maintain_order="left")
        .join(texts.select(ITEM, richness), on=ITEM, how="left", maintain_order="left")
        .with_columns(pl.col(HISTORY, KNOWN).fill_null(0).cast(pl.Int64))
        .with_columns(pl.col(RICHNESS).fill_null(0.0))
    )


def new_people() -> pl.Expr:
    """Whether a row of a head is a new person's."""
    return pl.col(HISTORY) < FEW_RATINGS


def new_items() -> pl.Expr:
    """Whether a row of a head is a new item's."""
    return pl.col(KNOWN) < FEW_RATINGS


def row_in(part: str) -> pl.Expr:
    """Whether a row of a head is asked about where this part is."""
    rows = {
        NEW_PEOPLE: new_people(),
        WARM_PEOPLE: ~new_people(),
        NEW_ITEMS: ~new_people() & new_items(),
    }
    return rows[part]


def shares(heads: pl.DataFrame) -> dict[str, float]:
    """By part, of the people with something to find those who find it in the head.

    Others' NDCG is the same whatever the order of the head: what it gains on average follows from
    who has a hit there. `heads` with LABEL and RELEVANT, of everybody who could be drawn.
    """
    made = {}
    for part in PARTS:
        people = heads.group_by(USER).agg(
            row_in(part).any().alias("theirs"), pl.col(LABEL).any(), pl.col(RELEVANT).first()
        )
        there = people.filter(pl.col("theirs") & (pl.col(RELEVANT) > 0))
        made[part] = there[LABEL].mean() if there.height else 0.0
    return {part: float(share or 0.0) for part, share in made.items()}  # type: ignore[arg-type]


def drawn(heads: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """The heads of up to `count` people to fit on and as many to judge on: FITTING says which.

    Of people with a hit in their head; up to half of them new people, who else would be too few to
    say anything of. A person's luck depends on the seed and their id alone, so that most of a
    sample stays when ratings arrive.
    """
    people = heads.group_by(USER).agg(pl.col(LABEL).any(), new_people().first().alias("new"))
    able = people.filter(LABEL)
    lots = pl.Series("lot", [_lot(user, seed) for user in able[USER]], pl.String)
    groups = [able.with_columns(lots).filter(new=new).sort("lot") for new in (True, False)]
    sizes = _sizes([group.height for group in groups], 2 * count)
    chosen = [
        group.head(size).select(USER, (pl.int_range(pl.len()) % 2 == 0).alias(FITTING))
        for group, size in zip(groups, sizes, strict=True)
    ]
    return heads.join(pl.concat(chosen), on=USER, how="inner", maintain_order="left")


def _sizes(there: list[int], wanted: int) -> list[int]:
    """How many new people and how many others; too few of one are made up for by the other."""
    new, warm = there
    first = min(new, max(wanted // 2, wanted - warm))
    return [first, min(warm, wanted - first)]


def _lot(user: object, seed: int) -> str:
    return hashlib.sha256(f"{seed} {user}".encode()).hexdigest()


def marked(heads: pl.DataFrame, asks: Mapping[str, bool]) -> pl.DataFrame:
    """The heads of people of whom something is asked; ASKED says which rows."""
    wanted = [row_in(part) for part, asked in asks.items() if asked]
    if not wanted:
        return heads.clear().with_columns(pl.lit(False).alias(ASKED))
    known = heads.with_columns(pl.any_horizontal(wanted).alias(ASKED))
    return known.filter(pl.col(ASKED).any().over(USER))


def part_counts(heads: pl.DataFrame) -> dict[str, int]:
    """Of each part how many people, or different new items, there are in the heads."""
    whose = {NEW_PEOPLE: USER, WARM_PEOPLE: USER, NEW_ITEMS: ITEM}
    return {part: heads.filter(row_in(part))[whose[part]].n_unique() for part in PARTS}


def first_places(lists: pl.DataFrame, size: int) -> pl.DataFrame:
    """The first `size` of each ranked list, sorted by user and rank."""
    return lists.filter(pl.col(RANK) <= size).sort(USER, RANK)


def within_people(users: pl.Series) -> np.ndarray:
    """Positions (P,) of the people of rows that are sorted by user, from 0."""
    return users.rle_id().cast(pl.Int64).to_numpy()
