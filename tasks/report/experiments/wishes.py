"""What the pages of results say of tastes in words: the newest measurement of each data set."""

from dataclasses import dataclass
from pathlib import Path

import sql
from tasks.report.experiments.sections import Row
from tasks.store.query import query


@dataclass(frozen=True)
class Wishes:
    """The newest measurement of a data set: its row of `wishes`, its figures, and examples."""

    run: Row
    figures: list[Row]
    places: list[Row]

    @property
    def dataset(self) -> str:
        """What the lists were made of."""
        name: str = self.run["dataset"]
        return name

    @property
    def situations(self) -> list[Row]:
        """A row for each thing that may be known of somebody beside their words."""
        return [row for row in self.figures if row["taste"] is None]

    @property
    def tastes(self) -> list[Row]:
        """A row for each taste and situation."""
        return [row for row in self.figures if row["taste"] is not None]

    @property
    def examples(self) -> dict[tuple[str, str], list[Row]]:
        """Both lists of some tastes, by taste and situation."""
        lists: dict[tuple[str, str], list[Row]] = {}
        for row in self.places:
            lists.setdefault((row["taste"], row["situation"]), []).append(row)
        return lists


def read_wishes(home: Path) -> list[Wishes]:
    """The newest measurement of every data set that has one, by name."""

    def rows(name: str, run: Row) -> list[Row]:
        given = {"run_id": run["run_id"]}
        return query(home, sql.statement(f"results/{name}.sql"), given).to_dicts()

    runs = query(home, sql.statement("results/wishes.sql")).to_dicts()
    return [Wishes(run, rows("wish_figures", run), rows("wish_lists", run)) for run in runs]
