"""Which files of a home no kept run needs, and removing them under nobody's feet.

Nothing that costs money to make again is among them: the ledger, the kept embeddings, what `palate
enrich` found, the models, the reports and the results file are never looked at.
"""

import re
import shutil
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from tasks.core.errors import StoreError
from tasks.core.homes import url_of
from tasks.core.lock import alone
from tasks.core.vocabulary import Record
from tasks.store.query import query
from tasks.store.warehouse import has_results

KINDS = RESULTS, ARTIFACTS, WORK, PREFECT = "results", "artifacts", "work-seconds", "prefect"
UNFINISHED = "unfinished files"

ARTIFACT = re.compile(r"artifacts/[^/\"\\]+/[0-9a-f]{24}\.[a-z]+")
"""How the state of a run, or a task's result, names a file."""

COLUMNS = {
    **dict.fromkeys(("run_id", "flow", "dataset", "method", "state"), pl.String()),
    **dict.fromkeys(("started_at_utc", "finished_at_utc"), pl.Datetime("us")),
}
"""What is read of `runs`; older files lack some."""


class Retention(Record):
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


class Leftover(Record):
    """A file that can go, or a folder of a writer's own."""

    kind: str
    path: Path
    bytes: int


class Cleaned(Record):
    """What is kept, and what can go or is gone. `mirrors`: what the home is a mirror of, if any."""

    kept: Kept
    gone: list[Leftover]
    mirrors: str | None = None


def clean(home: Path, keep: Retention, now: datetime, *, apply: bool) -> Cleaned:
    """Find what can go and, with `apply`, remove it while nobody works in the home.

    Raises StoreError where there is no such home, HomeInUseError where a command is at work.
    """
    if not home.is_dir():
        raise StoreError(f"{home}: there is no such folder.", "Give --home.")
    with alone(home) if apply else nullcontext():
        kept = kept_of(home, keep, now)
        gone = leftovers(home, kept)
        if apply:
            remove(gone)
    return Cleaned(kept=kept, gone=gone, mirrors=url_of(home))


def kept_of(home: Path, keep: Retention, now: datetime) -> Kept:
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
    return frozenset(path for text in texts for path in ARTIFACT.findall(text))


def _runs(home: Path) -> pl.DataFrame:
    none = pl.DataFrame(schema=COLUMNS)
    if not has_results(home):
        return none
    runs = query(home, "SELECT * EXCLUDE (config, versions) FROM runs")
    return pl.concat([none, runs.select(set(COLUMNS) & set(runs.columns))], how="diagonal")


def leftovers(home: Path, kept: Kept) -> list[Leftover]:
    """What can go: results first, so that none is left that names a file which is gone."""
    results, artifacts, work, prefect = map(_files, (home / kind for kind in KINDS))
    used = {file for file in results if _used(file) >= kept.since}
    named = kept.named | named_in([file.read_text(encoding="utf-8") for file in sorted(used)])
    stay = {f for f in artifacts if str(f.relative_to(home)) in named or _used(f) >= kept.since}
    stems = {file.stem for file in stay}
    return [
        *(_leftover(RESULTS, file) for file in results if file not in used),
        *(_leftover(f"{ARTIFACTS}/{f.parent.name}", f) for f in artifacts if f not in stay),
        *(_leftover(WORK, file) for file in work if file.stem not in stems),
        *(_leftover(PREFECT, file) for file in prefect),
        *(_leftover(UNFINISHED, file) for file in unfinished(home, kept.young)),
    ]


def unfinished(home: Path, before: datetime) -> list[Path]:
    """What writers that were killed before that time left behind."""
    folders = [home, *(folder for folder in home.iterdir() if folder.is_dir())]
    folders += [kind for kind in (home / ARTIFACTS).glob("*") if kind.is_dir()]
    private = (file for folder in folders for file in folder.glob(".*.tmp"))
    return sorted(file for file in private if _used(file) < before)


def remove(files: list[Leftover]) -> None:
    """Delete them, in their order."""
    for leftover in files:
        if leftover.path.is_dir():
            shutil.rmtree(leftover.path)
        else:
            leftover.path.unlink(missing_ok=True)


def _used(file: Path) -> datetime:
    """When it was written, or last taken instead of being made again (see `tasks.core.stage`)."""
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _files(folder: Path) -> list[Path]:
    """Whole files in the folder and one level below, in a fixed order."""
    below = [*folder.glob("*"), *folder.glob("*/*")]
    return sorted(file for file in below if file.is_file() and not file.name.startswith("."))


def _leftover(kind: str, file: Path) -> Leftover:
    size = sum(one.lstat().st_size for one in [file, *file.rglob("*")])
    return Leftover(kind=kind, path=file, bytes=size)
