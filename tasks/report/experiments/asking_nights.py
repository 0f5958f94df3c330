"""What the pages of results say of nights that asked a language model about heads of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import sql
from tasks.cascade.alone import BLENDED, LEARNED, MODEL, MOST_RATED
from tasks.report.experiments.sections import Row
from tasks.store.query import query

HAS_FIGURES = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'judgements'"


@dataclass(frozen=True)
class AskingNight:
    """The newest night of a data set, model and way: its row of `asking_nights`, and its figures.

    `parts`: what judging adds to each part of people and items.
    """

    run: Row
    figures: list[Row]
    parts: list[Row]

    @property
    def protocol(self) -> str:
        """By which the ratings of the sample were held out."""
        part: str = self.figures[0]["part"]
        return part.rpartition(" ")[2]

    @property
    def people(self) -> int:
        """In the sample."""
        users: int = self.figures[0]["users"]
        return users

    def alone(self, order: str, metric: str) -> Row | None:
        """A figure of one order of the heads; None where it has none."""
        return next((r for r in self._of(order, metric) if r["against"] is None), None)

    @property
    def added(self) -> list[Row]:
        """What judging adds, of the parts of which anything can be said."""
        return [row for row in self.parts if row["difference"] is not None]

    def _of(self, order: str, metric: str) -> list[Row]:
        return [r for r in self.figures if (r["list"], r["metric"]) == (order, metric)]


ORDERS = {"model": MODEL, "learned": LEARNED, "most_rated": MOST_RATED, "blended": BLENDED}
"""The orders of heads by what templates call them."""


def read_asking_nights(home: Path) -> list[Sequence[AskingNight]]:
    """The newest nights of each data set, model and way, a list for each data set by name."""
    if not query(home, HAS_FIGURES).item():
        return []
    figures, parts = sql.statement("results/judged.sql"), sql.statement("report/judged_parts.sql")
    nights = [
        AskingNight(
            run,
            query(home, figures, {"run_id": run["run_id"]}).to_dicts(),
            query(home, parts, {"run_id": run["run_id"]}).to_dicts(),
        )
        for run in query(home, sql.statement("results/asking_nights.sql")).to_dicts()
    ]
    return [list(some) for _, some in groupby(nights, lambda night: night.run["dataset"])]
