"""What the pages of results say of recorded judgements: the newest measurement of each data set."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import sql
from tasks.report.experiments.sections import Row
from tasks.store.query import query

LIKED = "NDCG liked@10"
ABOUT = {
    "orders": "a list of others, ordered anew",
    "ratings": "ratings of held-out items",
    "profiles": "tastes in words, embedded",
}


@dataclass(frozen=True)
class Line:
    """One judge of one part: alone, what it is put on top of, and what it adds there.

    `adds_liked`: the same of items that were liked, where lists were measured.
    """

    about: str
    judge: str
    metric: str
    alone: Row
    without: Row
    adds: Row
    adds_liked: Row | None


@dataclass(frozen=True)
class Judged:
    """The newest measurement of a data set: its row of `judgements`, and its figures."""

    run: Row
    figures: list[Row]

    @property
    def dataset(self) -> str:
        """What was judged."""
        name: str = self.run["dataset"]
        return name

    @property
    def parts(self) -> dict[str, list[Row]]:
        """The figures of each part, by what it is about: lists, then comparisons."""
        by_part = groupby(self.figures, lambda row: row["part"])
        return {ABOUT.get(part, part): list(rows) for part, rows in by_part}

    @property
    def lines(self) -> list[Line]:
        """One for each judge of each part."""
        return [line for part, rows in self.parts.items() for line in _lines(part, rows)]


def _lines(part: str, rows: list[Row]) -> Iterator[Line]:
    metric = rows[0]["metric"]
    for judge in dict.fromkeys(row["judge"] for row in rows if row["judge"]):
        added = [r for r in rows if r["against"] and r["list"] == f"{r['against']} + {judge}"]
        of_lists = {(r["list"], r["metric"]): r for r in rows if r["against"] is None}
        if not added or (judge, metric) not in of_lists:
            continue
        first = added[0]["against"]
        by_metric = {row["metric"]: row for row in added if row["against"] == first}
        yield Line(
            about=part,
            judge=judge,
            metric=metric,
            alone=of_lists[judge, metric],
            without=of_lists[first, metric],
            adds=by_metric[metric],
            adds_liked=by_metric.get(LIKED),
        )


def read_judged(home: Path) -> list[Judged]:
    """The newest measurement of every data set that has one, by name."""
    runs = query(home, sql.statement("results/judgements.sql")).to_dicts()
    figures = sql.statement("results/judged.sql")
    return [Judged(run, query(home, figures, {"run_id": run["run_id"]}).to_dicts()) for run in runs]
