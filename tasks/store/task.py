"""Publishing as a task."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from tasks.artifacts import read_table
from tasks.progress import bar
from tasks.settings import Settings
from tasks.steps import StepRecord, step
from tasks.store import record
from tasks.store.warehouse import publish
from tasks.vocabulary import Artifact, Dataset


@step("publish", "1")
def publish_task(
    home: Path,
    run_id: str,
    flow: str,
    started_at_utc: datetime,
    settings: Settings,
    dataset: Dataset,
    users: Artifact,
    ranked: Artifact,
    metrics: Artifact,
    records: list[StepRecord],
) -> str:
    """Append the run to the results file; gives the file's name in `home`."""
    with bar("publishing"):
        lists, items = read_table(home, ranked), read_table(home, dataset.items)
        now = datetime.now(UTC)
        measured = read_table(home, metrics).select(pl.lit(run_id).alias("run_id"), pl.all())
        row = record.run_row(
            run_id, flow, started_at_utc, now, settings, dataset, users.rows, lists
        )
        tables = {
            "runs": row,
            "stages": record.stage_rows(run_id, records),
            "dropped": record.dropped_rows(run_id, dataset.dropped),
            "ranked_items": record.ranked_rows(run_id, lists, items, settings.top),
            "metrics": measured,
        }
        return publish(home, tables).name
