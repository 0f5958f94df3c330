"""What a night asked of a language model: how fast, for how much, and what went wrong."""

from dataclasses import dataclass
from typing import Any

import polars as pl

Row = dict[str, Any]

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


@dataclass(frozen=True)
class Asked:
    """The requests of a night, by kind and by outcome, and their sums."""

    kinds: list[Row]
    outcomes: list[Row]
    total: Row


def asked(requests: pl.DataFrame) -> Asked | None:
    """Sums of the requests; None where nobody was asked."""
    if requests.is_empty():
        return None
    kinds = requests.group_by("kind").agg(SUMS).sort("kind").to_dicts()
    outcomes = requests.group_by("outcome").agg(pl.len().alias("requests"), pl.col("pairs").sum())
    told = [row | {"meaning": OUTCOMES.get(row["outcome"], "")} for row in _ordered(outcomes)]
    return Asked(kinds=kinds, outcomes=told, total=requests.select(SUMS).row(0, named=True))


def _known_sum(name: str) -> pl.Expr:
    """Null, not 0, where no value is known."""
    column = pl.col(name)
    return pl.when(column.count() > 0).then(column.sum()).alias(name)


SUMS = (
    pl.len().alias("requests"),
    pl.col("attempts").sum().alias("sends"),
    pl.col("pairs").sum(),
    (pl.col("outcome") != ANSWERED).sum().alias("not_answered"),
    (pl.col("attempts") > 1).sum().alias("repeated"),
    (pl.col("perhaps_billed").sum() + (pl.col("outcome") == "lost").sum()).alias("perhaps_billed"),
    *(_known_sum(name) for name in ("tokens_in", "tokens_cached", "tokens_out", "dollars")),
    pl.col("latency").median().alias("median"),
    pl.col("latency").quantile(0.95, "linear").alias("slow"),
    pl.col("latency").max().alias("slowest"),
)


def _ordered(outcomes: pl.DataFrame) -> list[Row]:
    """What was answered first, then by how often."""
    first = pl.col("outcome") != ANSWERED
    return outcomes.sort(first, -pl.col("requests").cast(pl.Int64), "outcome").to_dicts()
