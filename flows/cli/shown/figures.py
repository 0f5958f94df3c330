"""What evaluations print, straight from the results file."""

import json
from typing import TYPE_CHECKING

import polars as pl
from rich.markup import escape

import sql
from flows.cli.shown.tables import console, show_table
from tasks.core.homes import address
from tasks.store.query import query

if TYPE_CHECKING:
    from flows.evaluate import EvaluationResult


def show_evaluation(result: "EvaluationResult") -> None:
    """One method: base against re-ranked, metric by metric."""
    show_table(_of("one_method", result), "Base lists against re-ranked lists, paired by user")
    console.print("Other list lengths: --json, or `palate sql 'FROM lift_over_base'`.")
    _show_where(result)


def show_experiment(result: "EvaluationResult") -> None:
    """A grid: its methods, its comparisons, others' figures beside ours, and what did not run."""
    show_table(_of("methods", result), "Methods")
    show_table(_of("shown_comparisons", result), "Differences at 10 places, paired by user")
    for name, title in (
        ("beside_published", "Published figures beside these"),
        ("without_figures", "Cells without figures"),
    ):
        rows = _of(name, result)
        if rows.height:
            show_table(rows, title)
    _show_where(result)


def show_json(result: "EvaluationResult") -> None:
    """Every figure and comparison as one JSON object, with the cells that did not run."""
    said = {
        "cells": _of("cells", result).to_dicts(),
        "comparisons": _of("comparisons", result).to_dicts(),
        "without_figures": _of("without_figures", result).to_dicts(),
        "run_id": result.run_id,
        "database": str(result.database),
    }
    console.file.write(json.dumps(said, ensure_ascii=False, indent=2) + "\n")


def _of(name: str, result: "EvaluationResult") -> pl.DataFrame:
    statement = sql.statement(f"evaluation/{name}.sql")
    return query(result.database.parent, statement, {"run_id": result.run_id})


def _show_where(result: "EvaluationResult") -> None:
    console.print(
        "low, high: 95 % interval (bootstrap over users). A difference is called one only when its"
        " interval excludes 0 and the corrected p-value is below .05.",
        soft_wrap=True,
    )
    console.print(
        f"{result.cells - result.without_figures} of {result.cells} cells have figures;"
        f" {result.cached} of {result.stages} stages were cached; run {result.run_id}",
        soft_wrap=True,
    )
    console.print(f"Results: {escape(address(result.database))}", soft_wrap=True)
