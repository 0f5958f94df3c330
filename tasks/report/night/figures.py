"""What the tables of a page hold: held-out figures, requests to a language model, phases."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import polars as pl

Row = dict[str, Any]

HEADLINES = {
    "HR@10": "of users find something that was held out on their list",
    "NDCG@10": "the same, and more the nearer to the top it is",
}
"""What a night is measured by first."""

HIDDEN_ITEM = {
    "HR@1": "share of users whose hidden item is first",
    "HR@5": "share of users whose hidden item is among the first 5",
    "HR@10": "hit rate: share of users whose hidden item is among the first 10",
    "cHR@10": "the same, of users who had rated the hidden item as something they like",
    "NDCG@10": "1 if the hidden item is first, less further down, 0 if not among the first 10",
    "NDCG liked@10": "the same, of users who had rated the hidden item as something they like",
    "ARHR@10": "1 divided by the place of the hidden item, 0 if not among the first 10",
}
"""Of a leave-one-out: how well lists find the one item that was hidden."""

NEXT_ITEMS = {
    "HR@1": "share of users who then rated the first item",
    "HR@5": "share of users who then rated one of the first 5",
    "HR@10": "hit rate: share of users who then rated one of the first 10",
    "cHR@10": "the same, of what was rated as something that they like",
    "NDCG@10": "1 if nothing stands above what was rated, less further down, 0 if none is there",
    "NDCG liked@10": "the same, of what was rated as something that they like",
    "MAP@10": "of the places down to each that was then rated, the share that was, on average",
}
"""Of a window of time: how well lists find what people rated in it."""

BEYOND_ACCURACY = {
    "coverage@10": "share of the catalogue that stands on some list",
    "Gini@10": "how unevenly items share the places: 0 evenly, 1 all to one item",
    "diversity@10": "how far apart the genres of a list's items are, from 0 to 1",
    "novelty@10": "how few users have rated a list's items, in bits: one more is half as many",
    "popularity share@10": "share of the places that go to the most rated tenth of the catalogue",
}
"""What else lists are like."""


def with_meaning(figures: Sequence[Row], meanings: dict[str, str]) -> list[Row]:
    """The figures that `meanings` names, in its order, each with `name` and `meaning`."""
    by_name = {f"{row['metric']}@{row['k']}": row for row in figures}
    return [
        by_name[name] | {"name": _display_name(name), "meaning": meaning}
        for name, meaning in meanings.items()
        if name in by_name
    ]


def finding(figures: Sequence[Row]) -> list[Row]:
    """How well lists find what was held out, in the words of the protocol that held it out."""
    return with_meaning(figures, NEXT_ITEMS if learned_on_windows(figures) else HIDDEN_ITEM)


def learned_on_windows(figures: Sequence[Row]) -> bool:
    """Whether the night learned, and was measured, on windows of time."""
    return any(row.get("protocol") == "horizon" for row in figures)


def headlines(figures: Sequence[Row]) -> list[Row]:
    """The two figures to look at first, where they were measured."""
    return [row for row in with_meaning(figures, HEADLINES) if row["reranked"] is not None]


def _display_name(name: str) -> str:
    """As in "NDCG@10 liked"."""
    metric, _, k = name.partition("@")
    first, _, kind = metric.partition(" ")
    return f"{first}@{k} liked" if kind == "liked" else name


ANSWERED = "answered"
OUTCOMES = {
    ANSWERED: "a whole answer came",
    "length": "the answer was cut at its greatest length",
    "refusal": "the model refused",
    "filtered": "the provider's filter held the answer back",
    "too_long": "the request was too long for the model",
    "gave_up": "no answer after every attempt",
    "lost": "sent, and not known what became of it: the run was stopped meanwhile",
}


def summarise(requests: pl.DataFrame) -> Row | None:
    """The requests by kind (`kinds`) and by outcome (`outcomes`), and their sums (`total`).

    None where there are none.
    """
    if requests.is_empty():
        return None
    kinds = requests.group_by("kind").agg(SUMS).sort("kind").to_dicts()
    outcomes = requests.group_by("outcome").agg(pl.len().alias("requests"), pl.col("pairs").sum())
    ordered = [row | {"meaning": OUTCOMES.get(row["outcome"], "")} for row in _ordered(outcomes)]
    total = requests.select(SUMS).row(0, named=True)
    return {"kinds": kinds, "outcomes": ordered, "total": total}


def _sum_or_null(name: str) -> pl.Expr:
    """Null, not 0, where every value is null."""
    column = pl.col(name)
    return pl.when(column.count() > 0).then(column.sum()).alias(name)


SUMS = (
    pl.len().alias("requests"),
    pl.col("attempts").sum().alias("sends"),
    pl.col("pairs").sum(),
    (pl.col("outcome") != ANSWERED).sum().alias("not_answered"),
    (pl.col("attempts") > 1).sum().alias("repeated"),
    (pl.col("perhaps_billed").sum() + (pl.col("outcome") == "lost").sum()).alias("perhaps_billed"),
    *(_sum_or_null(name) for name in ("tokens_in", "tokens_cached", "tokens_out", "dollars")),
    pl.col("latency").median().alias("median"),
    pl.col("latency").quantile(0.95, "linear").alias("slow"),
    pl.col("latency").max().alias("slowest"),
)


def _ordered(outcomes: pl.DataFrame) -> list[Row]:
    """What was answered first, then by how often."""
    first = pl.col("outcome") != ANSWERED
    return outcomes.sort(first, -pl.col("requests").cast(pl.Int64), "outcome").to_dicts()


def phases(stages: Sequence[Row]) -> list[Row]:
    """Each phase with its stages, which come sorted by phase, and their sums.

    Stages of an earlier version name none: they are one phase.
    """
    sums = ("tasks", "cached", "seconds", "saved")
    groups = [(name, list(rows)) for name, rows in groupby(stages, lambda row: row["phase"])]
    unnamed = "Other" if len(groups) > 1 else "All stages"
    return [
        {"name": name or unnamed, "stages": rows}
        | {key: sum(row[key] for row in rows) for key in sums}
        for name, rows in groups
    ]
