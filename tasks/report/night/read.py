"""What a page about a night shows: rows of the results file, of one run and those before it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

import sql
from tasks.core.errors import StoreError
from tasks.core.vocabulary import GENRES, ITEM, RATING, TASTE_WEIGHT, TITLE, USER, YEAR
from tasks.store.people import SHOWN
from tasks.store.query import query

Row = dict[str, Any]
"""A row of the statement that its name says."""

NEEDED = {"changes", "guard", "llm_requests"}
JUDGING = ("judged_parts", "judging_prices")
"""Tables that a results file of an earlier version may lack."""

FAVOURITES = {
    **{name: pl.String() for name in (USER, ITEM, TITLE, GENRES)},
    **{YEAR: pl.Int32(), RATING: pl.Float64()},
}
TASTES = {USER: pl.String(), "taste": pl.String(), TASTE_WEIGHT: pl.Float64()}
"""What such a file would have of tables that are newer still, were there rows."""


@dataclass(frozen=True)
class NightRows:
    """One run of `nightly`; `history` ends with it and holds nights like it before."""

    run: Row
    history: list[Row]
    stages: list[Row]
    figures: list[Row]
    changes: list[Row]
    guard: list[Row]
    dropped: list[Row]
    judged_parts: list[Row]
    judging_prices: list[Row]
    judged_alone: list[Row]
    requests: pl.DataFrame
    examples: pl.DataFrame
    lists: pl.DataFrame
    favourites: pl.DataFrame
    tastes: pl.DataFrame
    lists_moved: Row
    items_moved: list[Row]

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The settings of the run; a run of an earlier version may lack some."""
        settings: Mapping[str, Any] = json.loads(self.run["config"])
        return settings

    @property
    def before(self) -> Row | None:
        """The last night of the same data set and method, if there was one."""
        return self.history[-2] if len(self.history) > 1 else None


def read_night(home: Path, run_id: str) -> NightRows:
    """What the results file has of a night.

    Raises StoreError where no such night is in it, or where it was last written by a version of
    which this one cannot read it.
    """
    tables = _tables(home)

    def table(name: str, **more: str | int) -> pl.DataFrame:
        return query(home, sql.statement(f"report/{name}.sql"), {"run_id": run_id, **more})

    def later(name: str, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
        return table(name) if name in tables else pl.DataFrame(schema=columns)

    def rows(name: str, **more: str | int) -> list[Row]:
        return table(name, **more).to_dicts()

    run, history = rows("run"), rows("history")
    if not run:
        raise StoreError(
            f"{home}: there is no night {run_id}.",
            "List them: palate sql \"SELECT run_id FROM runs WHERE flow = 'nightly'\"",
        )
    before = history[-2]["run_id"] if len(history) > 1 else ""
    return NightRows(
        run=run[0],
        history=history,
        stages=rows("stages"),
        figures=rows("figures"),
        changes=rows("changes"),
        guard=rows("guard"),
        dropped=rows("dropped"),
        judged_parts=rows("judged_parts") if tables.issuperset(JUDGING) else [],
        judging_prices=rows("judging_prices") if tables.issuperset(JUDGING) else [],
        judged_alone=rows("judged_alone") if "judgements" in tables else [],
        requests=table("requests"),
        examples=table("examples" if "list_examples" in tables else "examples_before"),
        lists=table("lists", before=before, users=SHOWN),
        favourites=later("favourites", FAVOURITES),
        tastes=later("tastes", TASTES),
        lists_moved=rows("lists_moved", before=before)[0],
        items_moved=rows("items_moved", before=before),
    )


def latest_night(home: Path) -> str:
    """The run that was published last. Raises StoreError where there is none."""
    runs = query(home, "SELECT run_id FROM latest_run")["run_id"].to_list()
    if not runs:
        raise StoreError(f"{home}: there has been no night yet.", "Run one: palate nightly")
    run_id: str = runs[0]
    return run_id


def _tables(home: Path) -> set[str]:
    """Names of the file's tables and views. Raises StoreError where one is missing."""
    names = query(home, "SELECT table_name FROM information_schema.tables")["table_name"]
    if missing := sorted(NEEDED - set(names)):
        raise StoreError(
            f"{home}: the results are of an earlier version, without {', '.join(missing)}.",
            "The next night that is published brings the file up to date: palate nightly",
        )
    return set(names)
