"""What was measured, as rows: cells, their figures, comparisons, and single users' values."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import polars as pl

from tasks.core.artifacts import read_table, scan_table
from tasks.core.protocols import PROTOCOLS
from tasks.core.vocabulary import ITEM, USER
from tasks.evaluation.cell import CellResult, Comparison, Figures
from tasks.evaluation.measures import CANDIDATE_RECALL
from tasks.evaluation.significance import holm, verdict
from tasks.evaluation.summary import named
from tasks.features.table import group_of
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.settings import settings_json
from tasks.store.warehouse import Rows

Table = TypeVar("Table", pl.DataFrame, pl.LazyFrame)

CELLS = {
    "cell": pl.Int32,
    "label": pl.String,
    "dataset": pl.String,
    "protocol": pl.String,
    "model": pl.String,
    "model_options": pl.String,
    "scorer": pl.String,
    "reranker": pl.String,
    "external": pl.Boolean,
    "leaky": pl.Boolean,
    "top": pl.Int32,
    "candidates": pl.Int32,
    "first_seed": pl.Int64,
    "seeds": pl.Int32,
    "users": pl.Int64,
    "status": pl.String,
    "note": pl.String,
    "base_seconds": pl.Float64,
    "rerank_seconds": pl.Float64,
    "dollars": pl.Float64,
    "skipped": pl.String,
    "config": pl.String,
}


def measured_tables(
    home: Path, run_id: str, results: Sequence[CellResult], comparisons: Sequence[Comparison]
) -> dict[str, Rows]:
    """Rows of `cells`, and of the tables of what they gave."""
    tables = {
        "cells": [pl.DataFrame([_cell(n, r) for n, r in enumerate(results)], schema=CELLS)],
        "cell_metrics": _numbered(results, lambda _, made: read_table(home, made.metrics)),
        "list_examples": _numbered(results, lambda cell, made: _examples(home, cell, made)),
        "learned_weights": _numbered(results, lambda _, made: _weights(made)),
        "comparisons": comparison_rows(home, comparisons),
    }
    mine = pl.lit(run_id).alias("run_id")
    made: dict[str, Rows] = {
        name: pl.concat(rows).select(mine, pl.all()) for name, rows in tables.items() if rows
    }
    users = _numbered(results, lambda cell, made: _users(home, cell, made))
    return made | ({"user_metrics": pl.concat(users).select(mine, pl.all())} if users else {})


def comparison_rows(home: Path, comparisons: Sequence[Comparison]) -> list[pl.DataFrame]:
    """Rows of `comparisons`, corrected (Holm) over those that say the same, metric by metric."""
    tables = [
        read_table(home, one.values).select(
            pl.lit(one.cell, pl.Int32).alias("cell"),
            pl.lit("reranked").alias("list"),
            pl.lit(one.against, pl.Int32).alias("against"),
            pl.lit(one.against_list).alias("against_list"),
            pl.lit(one.says).alias("says"),
            pl.all(),
        )
        for one in comparisons
    ]
    if not tables:
        return []
    rows = pl.concat(tables).rename({"p_value": "p"})
    family = ("says", "metric", "k")
    adjusted = pl.col("p").map_batches(lambda p: pl.Series(holm(p.to_numpy())), pl.Float64)
    corrected = rows.with_columns(adjusted.over(family).alias("p_holm"))
    read_by_verdict = corrected.select("low", "high", "p_holm").iter_rows()
    verdicts = [verdict(*row) for row in read_by_verdict]
    return [corrected.with_columns(pl.Series("verdict", verdicts))]


def _cell(place: int, result: CellResult) -> dict[str, object]:
    settings, made = result.cell.settings, result.figures
    return {
        "cell": place,
        "label": result.cell.label,
        "dataset": made.dataset.name if made else settings.data,
        "protocol": settings.protocol_name,
        "model": settings.method.model,
        "model_options": _options_of_base(settings),
        "scorer": settings.scorer_label,
        "reranker": settings.reranker_label,
        "external": settings.uses_external,
        "leaky": settings.profiles is not None,
        "top": settings.top,
        "candidates": settings.candidate_count,
        "first_seed": settings.seed,
        "seeds": settings.seeds,
        "users": made.users if made else 0,
        "status": result.status,
        "note": result.note,
        "base_seconds": made.base_seconds if made else None,
        "rerank_seconds": made.rerank_seconds if made else None,
        "dollars": None if made is None or made.dollars is None else float(made.dollars),
        "skipped": json.dumps(made.skipped if made else {}),
        "config": settings_json(settings),
    }


def _options_of_base(settings: EvaluationSettings) -> str | None:
    method = settings.method
    forward = PROTOCOLS[settings.splits_by].forward
    options = method.forward_options() if forward else method.model_options
    return options.in_words(method.model)


def _numbered(
    results: Sequence[CellResult],
    rows_of: Callable[[EvaluationSettings, Figures], Table],
) -> list[Table]:
    """Each measured cell's rows with its place."""
    return [
        rows_of(result.cell.settings, result.figures).select(
            pl.lit(place, pl.Int32).alias("cell"), pl.all()
        )
        for place, result in enumerate(results)
        if result.figures
    ]


def _users(home: Path, settings: EvaluationSettings, made: Figures) -> pl.LazyFrame:
    """One row per user, list and metric at k = top, and candidate recall."""
    frames = []
    for seed, measured in made.measured.items():
        wide = scan_table(home, measured.per_user)
        at_top, recall = f"@{settings.top}", f"{CANDIDATE_RECALL}@"
        names = wide.collect_schema().names()
        kept = [name for name in names if name.endswith(at_top) or name.startswith(recall)]
        long = wide.unpivot(kept, index=["list", USER], variable_name="name").drop_nulls("value")
        user = pl.col(USER).cast(pl.String)
        number = pl.lit(seed, pl.Int64).alias("seed")
        frames.append(long.select(number, "list", user, *named("name"), "value"))
    return pl.concat(frames).sort("seed", "list", USER, "metric")


def _examples(home: Path, settings: EvaluationSettings, made: Figures) -> pl.DataFrame:
    """Lists to look at, of the first seed."""
    rows = read_table(home, made.examples)
    seed = pl.lit(settings.seed, pl.Int64).alias("seed")
    return rows.select(seed, pl.col(USER, ITEM).cast(pl.String), pl.exclude(USER, ITEM))


def _weights(made: Figures) -> pl.DataFrame:
    numbers = dict.fromkeys(("weight", "mean", "spread", "gain"), pl.Float64)
    schema = {"feature": pl.String, "feature_group": pl.String} | numbers
    if made.learned is None:
        return pl.DataFrame(schema=schema)
    fitted, trees = made.learned.weights, made.learned.trees
    columns = {
        "feature": fitted.features,
        "feature_group": [group_of(name) for name in fitted.features],
        "weight": fitted.weights,
        "mean": fitted.means,
        "spread": fitted.spreads,
        "gain": trees.gains if trees else [None] * len(fitted.features),
    }
    return pl.DataFrame(columns, schema=schema)
