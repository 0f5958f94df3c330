"""Rows that are left out or changed: how many for which reason, and where the first of them is."""

from typing import NamedTuple

from tasks.core.vocabulary import Dataset


class Rows(NamedTuple):
    """How many there are, and where the first stands: "ratings.csv, row 3: user 1, item 10"."""

    total: int
    first: str = ""


Dropped = dict[str, Rows]
"""Rows by the reason why they were left out or changed."""


def dropped_lines(dataset: Dataset) -> list[str]:
    """What was left out or changed, and the first row of it, a line each."""
    return [
        f"{count:,} {reason}" + _first(dataset.firsts.get(reason, ""))
        for reason, count in dataset.dropped.items()
    ]


def _first(place: str) -> str:
    return f" (the first: {place})" if place else ""
