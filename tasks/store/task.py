"""Publishing as a task."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from tasks.artifacts import read_table
from tasks.progress import bar
from tasks.steps import step
from tasks.store.record import Run, dropped_rows, ranked_rows, run_row, stage_rows
from tasks.store.warehouse import publish
from tasks.vocabulary import Artifact


@step("publish", "2")
def publish_task(
    home: Path,
    run: Run,
    ranked: Artifact,
    metrics: Artifact | None,
    asked: Artifact | None,
) -> str:
    """Append the run to the results file; gives the file's name in `home`.

    `metrics` and `asked` (the requests to a language model) are missing on nights without any.
    """
    with bar("publishing"):
        lists, items = read_table(home, ranked), read_table(home, run.dataset.items)
        tables = {
            "runs": run_row(run, datetime.now(UTC), lists),
            "stages": stage_rows(run),
            "dropped": dropped_rows(run),
            "ranked_items": ranked_rows(run, lists, items),
        }
        mine = pl.lit(run.run_id).alias("run_id")
        if metrics is not None:
            tables["metrics"] = read_table(home, metrics).select(mine, pl.all())
        if asked is not None:
            tables["llm_requests"] = read_table(home, asked).select(mine, pl.all())
        return publish(home, tables).name
