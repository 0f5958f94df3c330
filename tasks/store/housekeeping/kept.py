"""Which runs are kept, and what must stay for their sake."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from tasks.core.vocabulary import Record
from tasks.store.query import query
from tasks.store.warehouse import has_results

ARTIFACT = re.compile(r"artifacts/[^/\"\\]+/[0-9a-f]{24}\.[a-z]+")
"""How the state of a run, or a task's result, names a file."""

COLUMNS = {
    **dict.fromkeys(("run_id", "flow", "dataset", "method", "state"), pl.String()),
    **dict.fromkeys(("started_at_utc", "finished_at_utc"), pl.Datetime("us")),
}
"""What is read of `runs`; older files lack some."""


class Keep(Record):
    """How much is kept: so many runs of each method, of so many days; and all that is young."""

    runs: int = 7
    days: float = 30.0
    min_age: float = 2.0


class Kept(Record):
    """How many runs are kept, the artifacts they name, and since when whatever was used stays."""

    runs: int
    named: frozenset[str]
    since: datetime
    young: datetime


def kept_of(home: Path, keep: Keep, now: datetime) -> Kept:
    """What stays of a home: a run needs what it or a later one has used, and what it names.

    Times are UTC. Without any kept run, what was used in the last `days` stays.
    """
    oldest, young = now - timedelta(days=keep.days), now - timedelta(days=keep.min_age)
    runs = kept_runs(_runs(home), keep.runs, oldest)
    started = runs["started_at_utc"].min()
    first = started.replace(tzinfo=UTC) if isinstance(started, datetime) else oldest
    named = named_in(runs["state"].drop_nulls().to_list())
    return Kept(runs=runs.height, named=named, since=min(first, young), young=young)


def kept_runs(runs: pl.DataFrame, count: int, oldest: datetime) -> pl.DataFrame:
    """The newest `count` of each flow, data set and method since `oldest`, and the last run."""
    newest_first = runs.sort("finished_at_utc", "run_id", descending=True)
    recent = newest_first.filter(pl.col("finished_at_utc") >= oldest.replace(tzinfo=None))
    alike = ["flow", "dataset", "method"]
    each = recent.group_by(alike, maintain_order=True).head(count).select(runs.columns)
    return pl.concat([newest_first.head(1), each]).unique("run_id", maintain_order=True)


def named_in(texts: list[str]) -> frozenset[str]:
    """The artifacts that texts name, whatever else they hold."""
    return frozenset(found for text in texts for found in ARTIFACT.findall(text))


def _runs(home: Path) -> pl.DataFrame:
    known = pl.DataFrame(schema=COLUMNS)
    if has_results(home):
        runs = query(home, "SELECT * EXCLUDE (config, versions) FROM runs")
        known = pl.concat([known, runs.select(set(COLUMNS) & set(runs.columns))], how="diagonal")
    return known
