"""Which figures of a night are shown, under what name, and what each means."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

HEADLINES = {
    "HR@10": "of users find their hidden item on their list",
    "NDCG@10": "the same, and more the nearer to the top it is",
}
"""What is said of a night first."""

FOUND = {
    "HR@1": "share of users whose hidden item is first",
    "HR@5": "share of users whose hidden item is among the first 5",
    "HR@10": "hit rate: share of users whose hidden item is among the first 10",
    "cHR@10": "the same, of users who had rated the hidden item as something they like",
    "NDCG@10": "1 if the hidden item is first, less further down, 0 if not among the first 10",
    "NDCG liked@10": "the same, of users who had rated the hidden item as something they like",
    "ARHR@10": "1 divided by the place of the hidden item, 0 if not among the first 10",
}
"""Of a leave-one-out: how well lists find what was hidden."""

OTHERWISE = {
    "coverage@10": "share of the catalogue that stands on some list",
    "Gini@10": "how unevenly items share the places: 0 evenly, 1 all to one item",
    "diversity@10": "how far apart the genres of a list's items are, from 0 to 1",
    "novelty@10": "how few users have rated a list's items, in bits: one more is half as many",
    "popularity share@10": "share of the places that go to the most rated tenth of the catalogue",
}
"""What else lists are like."""


def shown(figures: Sequence[Row], meanings: dict[str, str]) -> list[Row]:
    """The figures that have a meaning here, in its order, each with `name` and `meaning`."""
    known = {f"{row['metric']}@{row['k']}": row for row in figures}
    return [
        known[name] | {"name": _written(name), "meaning": meaning}
        for name, meaning in meanings.items()
        if name in known
    ]


def headlines(figures: Sequence[Row]) -> list[Row]:
    """The two figures to look at first, where they were measured."""
    return [row for row in shown(figures, HEADLINES) if row["reranked"] is not None]


def _written(name: str) -> str:
    """As in "NDCG@10 liked"."""
    metric, _, k = name.partition("@")
    first, _, kind = metric.partition(" ")
    return f"{first}@{k} liked" if kind == "liked" else name
