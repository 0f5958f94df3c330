"""What the page of results says of replays: the newest one of each data set."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import sql
from tasks.evaluation.replay.night import WITHOUT
from tasks.report.experiments.sections import Row
from tasks.store.query import query

METRIC = "NDCG liked"
"""By which lists are compared night by night."""


@dataclass(frozen=True)
class Replay:
    """The newest replay of a data set: its row of `replays`, and the rows that `sql/replay` gives.

    `by_night`: METRIC of every list, night by night.
    """

    run: Row
    nights: list[Row]
    lists: list[Row]
    differences: list[Row]
    by_night: list[Row]
    reliability: list[Row]

    @property
    def dataset(self) -> str:
        """What was replayed."""
        name: str = self.run["dataset"]
        return name

    @property
    def every(self) -> int | None:
        """Days from a night to the next; None of a single one."""
        days = [date.fromisoformat(night["day"]) for night in self.nights]
        return (days[1] - days[0]).days if len(days) > 1 else self.run["every"]

    @property
    def horizon(self) -> int | None:
        """Days that each night was judged on; None where nothing says."""
        given: int | None = self.run["horizon"]
        return given or (self.every if self.run["every"] is None else None)

    @property
    def parts(self) -> dict[str, list[Row]]:
        """The lists of people who came back, and those of newcomers, if any.

        Each row has the difference of the published lists to it as `against`, None of themselves.
        """
        back = [row for row in self._lists(False) if not row["list"].startswith(WITHOUT)]
        parts = {"People who came back": back, "Newcomers": self._lists(True)}
        return {title: rows for title, rows in parts.items() if rows}

    @property
    def ablated(self) -> list[Row]:
        """The lists that were made without a feature or a group of features, in the same form."""
        return [row for row in self._lists(False) if row["list"].startswith(WITHOUT)]

    def values(self, newcomers: bool) -> dict[str, dict[str, float]]:
        """METRIC by list and day."""
        values: dict[str, dict[str, float]] = {}
        for row in self.by_night:
            if row["newcomers"] == newcomers:
                values.setdefault(short(row["list"]), {})[row["day"]] = row["value"]
        return values

    def _lists(self, newcomers: bool) -> list[Row]:
        against = {
            row["against"]: row
            for row in self.differences
            if row["newcomers"] == newcomers and row["metric"] == METRIC
        }
        return [
            row | {"list": short(row["list"]), "against": against.get(row["list"])}
            for row in self.lists
            if row["newcomers"] == newcomers
        ]


def read_replays(home: Path) -> list[Replay]:
    """The newest replay of every data set that has one, by name."""
    return [
        _replay(home, run) for run in query(home, sql.statement("results/replays.sql")).to_dicts()
    ]


def _replay(home: Path, run: Row) -> Replay:
    def rows(name: str, **more: str) -> list[Row]:
        given = {"run_id": run["run_id"], **more}
        return query(home, sql.statement(f"replay/{name}.sql"), given).to_dicts()

    return Replay(
        run=run,
        nights=rows("nights"),
        lists=rows("lists"),
        differences=rows("differences"),
        by_night=rows("by_night", metric=METRIC),
        reliability=rows("reliability"),
    )


def short(name: str) -> str:
    """A list's name without the part that says whose it is."""
    return name.removesuffix(", newcomers")
