"""What a page about a night tells: rows of the results file, of one run and those before it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

import sql
from tasks.core.errors import StoreError
from tasks.store.query import query

Row = dict[str, Any]
"""A row of the statement that its name says."""

USERS = 2_000
"""Users whose lists stand in the page: more would make it too large to open at once."""

NEEDED = {"changes", "guard", "telling_lists", "llm_requests"}
"""Tables that a results file of an earlier version may lack."""


@dataclass(frozen=True)
class Night:
    """One run of `nightly`; `history` ends with it and holds nights like it before."""

    run: Row
    history: list[Row]
    stages: list[Row]
    figures: list[Row]
    changes: list[Row]
    guard: list[Row]
    dropped: list[Row]
    requests: pl.DataFrame
    telling: pl.DataFrame
    lists: pl.DataFrame
    lists_moved: Row
    items_moved: list[Row]

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What the run was told; a run of an earlier version may not say everything."""
        told: Mapping[str, Any] = json.loads(self.run["config"])
        return told

    @property
    def before(self) -> Row | None:
        """The last night of the same data set and method, if there was one."""
        return self.history[-2] if len(self.history) > 1 else None


def read_night(home: Path, run_id: str) -> Night:
    """What the results file has of a night.

    Raises StoreError where no such night is in it, or where it was last written by a version of
    which this one cannot read it.
    """
    _check(home)

    def table(name: str, **more: str | int) -> pl.DataFrame:
        return query(home, sql.statement(f"report/{name}.sql"), {"run_id": run_id, **more})

    def rows(name: str, **more: str | int) -> list[Row]:
        return table(name, **more).to_dicts()

    found, history = rows("run"), rows("history")
    if not found:
        raise StoreError(
            f"{home}: there is no night {run_id}.",
            "List them: palate sql \"SELECT run_id FROM runs WHERE flow = 'nightly'\"",
        )
    before = history[-2]["run_id"] if len(history) > 1 else ""
    return Night(
        run=found[0],
        history=history,
        stages=rows("stages"),
        figures=rows("figures"),
        changes=rows("changes"),
        guard=rows("guard"),
        dropped=rows("dropped"),
        requests=table("requests"),
        telling=table("telling"),
        lists=table("lists", before=before, users=USERS),
        lists_moved=rows("lists_moved", before=before)[0],
        items_moved=rows("items_moved", before=before),
    )


def latest_night(home: Path) -> str:
    """The run that was published last. Raises StoreError where there is none."""
    found = query(home, "SELECT run_id FROM latest_run")["run_id"].to_list()
    if not found:
        raise StoreError(f"{home}: there has been no night yet.", "Run one: palate nightly")
    run_id: str = found[0]
    return run_id


def _check(home: Path) -> None:
    known = query(home, "SELECT table_name FROM information_schema.tables")["table_name"]
    if missing := sorted(NEEDED - set(known)):
        raise StoreError(
            f"{home}: the results are of an earlier version, without {', '.join(missing)}.",
            "The next night that is published brings the file up to date: palate nightly",
        )
