"""Publishing as a task."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from tasks.core.artifacts import read_table, scan_table
from tasks.core.chunks import theirs
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import USER, Artifact
from tasks.evaluation.cell import CellResult, Comparison, Published
from tasks.evaluation.judgements.comparing import with_verdicts
from tasks.evaluation.replay.night import ReplayedNight
from tasks.store.measured import measured_tables
from tasks.store.people import favourite_rows, shown_people, taste_rows
from tasks.store.record import (
    EvaluationRun,
    Run,
    change_rows,
    dropped_rows,
    evaluation_row,
    guard_rows,
    judging_tables,
    published_rows,
    ranked_rows,
    run_row,
    stage_rows,
)
from tasks.store.replayed import replayed_tables
from tasks.store.warehouse import Rows, database_file, is_published, publish


@stage("publish", "9", role="figures")
def publish_stage(
    home: Path,
    run: Run,
    ranked: Artifact,
    places: Artifact,
    results: list[CellResult],
    comparisons: list[Comparison],
    asked: Artifact | None,
    whys: Artifact | None = None,
) -> str:
    """Append a night to the results file; gives the file's name in `home`.

    `places`: of `ranked`, what is in a list. `results`: what was measured, if anything. `asked`:
    the requests to a language model, if any. `whys`: sentences about items, if any. Of nights
    before the newest `keep_nights` the lists are removed.
    """
    if is_published(home, run.run_id):
        return database_file(home).name
    with bar("publishing"):
        everything, lists, items = (
            scan_table(home, table) for table in (ranked, places, run.dataset.items)
        )
        sentences = scan_table(home, whys) if whys else None
        tables: dict[str, Rows] = {
            "runs": run_row(run, datetime.now(UTC), everything),
            "stages": stage_rows(run.run_id, run.stages),
            "dropped": dropped_rows(run),
            "ranked_items": ranked_rows(run.run_id, lists, items, sentences),
            "changes": change_rows(run),
            "guard": guard_rows(run),
        }
        tables |= _people(home, run, lists)
        tables |= judging_tables(run)
        tables |= measured_tables(home, run.run_id, results, comparisons)
        tables |= _requests(home, run.run_id, asked)
        return publish(home, tables, keep_nights=run.settings.night.keep_nights).name


@stage("publish evaluation", "3", role="figures")
def publish_evaluation_stage(
    home: Path,
    run: EvaluationRun,
    results: list[CellResult],
    comparisons: list[Comparison],
    published: list[Published],
    asked: Artifact | None,
    replayed: list[ReplayedNight] | None = None,
) -> str:
    """Append an evaluation to the results file; gives the file's name in `home`.

    `replayed`: the nights that it is of, where it is a replay.
    """
    if is_published(home, run.run_id):
        return database_file(home).name
    with bar("publishing"):
        tables: dict[str, Rows] = {
            "runs": evaluation_row(run, datetime.now(UTC), results),
            "stages": stage_rows(run.run_id, run.stages),
        }
        tables |= measured_tables(home, run.run_id, results, comparisons)
        tables |= replayed_tables(home, run.run_id, replayed) if replayed else {}
        if published:
            tables["published"] = published_rows(run.run_id, published)
        return publish(home, tables | _requests(home, run.run_id, asked)).name


@stage("publish wishes", "1", role="figures")
def publish_wishes_stage(
    home: Path,
    run: EvaluationRun,
    dataset: str,
    measured: Artifact,
    examples: list[dict[str, Any]],
) -> str:
    """Append what tastes in words gave to the results file; gives the file's name in `home`."""
    if is_published(home, run.run_id):
        return database_file(home).name
    mine = pl.lit(run.run_id).alias("run_id")
    rows = read_table(home, measured).with_columns(pl.col(USER).cast(pl.String))
    tables: dict[str, Rows] = {
        "runs": evaluation_row(run, datetime.now(UTC), []).with_columns(
            pl.lit(dataset).alias("dataset")
        ),
        "stages": stage_rows(run.run_id, run.stages),
        "wishes": rows.select(mine, pl.all()),
        "wish_lists": pl.DataFrame(examples).select(mine, pl.all()),
    }
    return publish(home, tables).name


@stage("publish judgements", "1", role="figures")
def publish_judgements_stage(
    home: Path, run: EvaluationRun, dataset: str, measured: list[Artifact]
) -> str:
    """Append what recorded judgements gave to the results file; gives the file's name in `home`."""
    if is_published(home, run.run_id):
        return database_file(home).name
    mine = pl.lit(run.run_id).alias("run_id")
    rows = with_verdicts(pl.concat([read_table(home, one) for one in measured]))
    tables: dict[str, Rows] = {
        "runs": evaluation_row(run, datetime.now(UTC), []).with_columns(
            pl.lit(dataset).alias("dataset")
        ),
        "stages": stage_rows(run.run_id, run.stages),
        "judgements": rows.select(mine, pl.all()),
    }
    return publish(home, tables).name


def _people(home: Path, run: Run, lists: pl.LazyFrame) -> dict[str, pl.DataFrame]:
    """What is known of the people whose lists the page shows."""
    users, typed = shown_people(lists), run.night.state.known.typed
    ratings, items = theirs(home, run.dataset.ratings, users), read_table(home, run.dataset.items)
    tables = {"favourites": favourite_rows(run.run_id, users, ratings, items)}
    if typed:
        tables["tastes"] = taste_rows(run.run_id, users, read_table(home, typed))
    return tables


def _requests(home: Path, run_id: str, asked: Artifact | None) -> dict[str, pl.DataFrame]:
    if asked is None:
        return {}
    mine = pl.lit(run_id).alias("run_id")
    return {"llm_requests": read_table(home, asked).select(mine, pl.all())}
