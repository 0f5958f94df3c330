"""Two lists of one person, the draw of which stands first, and a choice as a row of the results."""

import json
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Literal

import numpy as np
import polars as pl

import sql
from tasks.core.errors import StoreError
from tasks.core.vocabulary import BASE_RANK, GENRES, ITEM, RANK, RERANKED_RANK, TITLE, YEAR, Record
from tasks.store.query import query
from tasks.store.warehouse import publish

ListName = Literal["base", "reranked"]
Chosen = Literal["base", "reranked", "neither"]
Letter = Literal["A", "B"]
LETTERS: tuple[Letter, Letter] = ("A", "B")


class ListedItem(Record):
    """An item as the page shows it; its words are untrusted."""

    item: str
    title: str
    year: int | None = None
    genres: str | None = None


Items = tuple[ListedItem, ...]
"""A list, best first."""


class Pair(Record):
    """One person's two lists, and the method that made them.

    `run_id` and `user` are null for a new person, whose lists are of no night. `degraded`: why both
    are in the base order, where the language model was down.
    """

    dataset: str
    model: str
    scorer: str
    reranker: str
    base: Items
    reranked: Items
    run_id: str | None = None
    user: str | None = None
    degraded: str | None = None

    @property
    def same(self) -> bool:
        """Whether there is nothing to choose: the same items in the same order."""
        return [one.item for one in self.base] == [one.item for one in self.reranked]

    def named(self, name: ListName) -> Items:
        """The list of that name."""
        return self.base if name == "base" else self.reranked


class Draw(Record):
    """Which list stands first, as A, and the seed that decided it."""

    seed: int
    first: ListName

    def list_at(self, letter: Letter) -> ListName:
        """The list that the page calls by this letter."""
        second: ListName = "reranked" if self.first == "base" else "base"
        return self.first if letter == "A" else second

    def letter_of(self, name: ListName) -> Letter:
        """The letter by which the page calls this list."""
        return "A" if name == self.first else "B"


def draw(seed: int) -> Draw:
    """A fair coin, thrown by the seed alone."""
    heads = np.random.default_rng(seed).integers(2)
    return Draw(seed=seed, first="reranked" if heads else "base")


def lists_of_night(home: Path, user: str, run_id: str | None = None) -> Pair:
    """The base list and the re-ranker's list of a user, of that night or of the last one.

    Raises StoreError without a results file, or where it has no such night or user.
    """
    nights = query(home, sql.statement("comparing/run.sql"), {"run_id": run_id or ""})
    if nights.is_empty():
        raise StoreError(
            f"There is no night {run_id}." if run_id else "There has been no night yet.",
            'Nights there are: palate sql "SELECT run_id, flow FROM run_history"',
        )
    night = nights.row(0, named=True)
    wanted = {"run_id": night["run_id"], "user": user}
    ranked = query(home, sql.statement("comparing/ranked.sql"), wanted)
    if ranked.is_empty():
        raise StoreError(
            f"The night {night['run_id']} has no list for user {user}.",
            "Users with a list: palate sql"
            f" \"SELECT DISTINCT user FROM ranked_items WHERE run_id = '{night['run_id']}'\"",
        )
    made_by = {name: night[name] for name in ("run_id", "dataset", "model", "scorer", "reranker")}
    base, reranked = two_lists(_as_reranked(ranked), night["top"])
    return Pair(base=base, reranked=reranked, user=user, **made_by)


def two_lists(ranked: pl.DataFrame, top: int) -> tuple[Items, Items]:
    """The first `top` by base rank, and by rank; needs titles, years and genres."""
    base, reranked = (
        tuple(
            ListedItem(item=str(item), title=title, year=year, genres=genres)
            for item, title, year, genres in ranked.filter(pl.col(place) <= top)
            .sort(place)
            .select(ITEM, TITLE, YEAR, GENRES)
            .iter_rows()
        )
        for place in (BASE_RANK, RANK)
    )
    return base, reranked


def _as_reranked(ranked: pl.DataFrame) -> pl.DataFrame:
    """Rows where `rank` is the re-ranker's whatever was published instead.

    Files of before nights were guarded have that column not at all, or empty; older ones no genres.
    """
    ranks = [name for name in (RERANKED_RANK, RANK) if name in ranked.columns]
    placed = ranked.with_columns(pl.coalesce(ranks).alias(RANK))
    if GENRES in placed.columns:
        return placed
    return placed.with_columns(pl.lit(None, pl.String).alias(GENRES))


def keep_choice(home: Path, pair: Pair, draw: Draw, chosen: Chosen, seconds: float) -> None:
    """Append the choice to `choices`; raises StoreError where that cannot be done."""
    publish(home, {"choices": choice_row(pair, draw, chosen, seconds, datetime.now(UTC))})


def choice_row(
    pair: Pair, draw: Draw, chosen: Chosen, seconds: float, chosen_at_utc: datetime
) -> pl.DataFrame:
    """The one row; of a person's taste it holds nothing but the items of both lists."""
    row = {
        "id": f"{chosen_at_utc:%Y%m%d-%H%M%S}-{token_hex(3)}",
        "chosen_at_utc": chosen_at_utc.replace(tzinfo=None),
        **pair.model_dump(include={"run_id", "user", "dataset", "model", "scorer", "reranker"}),
        "base_items": _ids(pair.base),
        "reranked_items": _ids(pair.reranked),
        "first": draw.first,
        "chosen": chosen,
        "seconds": seconds,
        "seed": draw.seed,
    }
    return pl.DataFrame([row], schema_overrides={"run_id": pl.String, "user": pl.String})


def _ids(items: Items) -> str:
    return json.dumps([one.item for one in items])
