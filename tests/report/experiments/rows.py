"""Experiments as `publish` takes them: a few cells, their figures and comparisons, by hand."""

import json
from datetime import datetime
from pathlib import Path

import polars as pl

from tasks.store.warehouse import publish

WEIGHTS = {
    "estimate": 1.0,
    "similarity": 1.0,
    "popularity": 1.0,
    "date_affinity": 1.0,
    "external_quality": 0.0,
    "external_votes": 0.0,
}


class Made:
    """An experiment in the making; `publish` adds it to the results of a home folder."""

    def __init__(self, name="domains", run_id="20260101-000000-aaaaaa", day=1, **described):
        moment = datetime(2026, 1, day, 3)
        self.run_id, self.cells = run_id, []
        self.metrics, self.told, self.theirs, self.learned = [], [], [], []
        config = {"name": name, "title": f"Title of {name}", "command": f"palate experiment {name}"}
        self.run = {
            "run_id": run_id,
            "flow": "experiment",
            "started_at_utc": moment,
            "finished_at_utc": moment,
            "seconds": 600.0,
            "config": json.dumps(config | described),
            "versions": json.dumps({"python": "3.11.0", "palate": "0.1.0"}),
        }

    def cell(self, label, base=0.1, mean=None, weights=None, **given):
        """A cell with the NDCG@10 of both lists; gives its number. `status` tells one not run."""
        number = len(self.cells)
        row = {
            "run_id": self.run_id,
            "cell": number,
            "label": label,
            "dataset": "books",
            "protocol": "split",
            "model": "svd",
            "scorer": "embedded",
            "reranker": "weighted",
            "external": True,
            "leaky": False,
            "top": 10,
            "candidates": 100,
            "first_seed": 0,
            "seeds": 3,
            "users": 300,
            "status": "run",
            "note": None,
            "skipped": "{}",
        } | given
        config = {"weights": WEIGHTS | (weights or {}), "without": [], "sources": {}}
        row["config"] = json.dumps(config | row.get("config", {}))
        self.cells.append(row)
        if row["status"] == "run":
            self.figure(number, "base", base)
            self.figure(number, "reranked", base if mean is None else mean)
        return number

    def figure(self, cell, name, mean, metric="NDCG", k=10):
        figures = {"mean": mean, "sd": 0.001, "low": mean - 0.01, "high": mean + 0.01}
        key = {"run_id": self.run_id, "cell": cell, "list": name, "metric": metric, "k": k}
        self.metrics.append(key | figures | {"seeds": 3, "users": 100})

    def compare(self, cell, against, says, difference, verdict, **given):
        self.told.append(
            {
                "run_id": self.run_id,
                "cell": cell,
                "list": "reranked",
                "against": against,
                "against_list": "reranked",
                "says": says,
                "metric": "NDCG",
                "k": 10,
                "difference": difference,
                "low": difference - 0.005,
                "high": difference + 0.005,
                "p": 0.02,
                "p_holm": 0.04,
                "better": 0.3,
                "worse": 0.2,
                "users": 100,
                "seeds": 3,
                "verdict": verdict,
            }
            | given
        )

    def over_base(self, cell, difference, verdict):
        self.compare(cell, cell, "re-ranked against base", difference, verdict, against_list="base")

    def weight(self, cell, feature, group, weight, gain=None):
        row = {"run_id": self.run_id, "cell": cell, "feature": feature, "feature_group": group}
        numbers = {"weight": weight, "mean": 0.0, "spread": 1.0, "gain": gain}
        self.learned.append(row | numbers)

    def published(self, **given):
        row = {
            "run_id": self.run_id,
            "source": "Somebody 2020",
            "method": "SVD",
            "dataset": "books",
            "protocol": "split",
            "model": "svd",
            "label": None,
            "metric": "NDCG",
            "k": 10,
            "value": 0.09,
            "corrected": None,
        }
        self.theirs.append(row | given)

    def publish(self, home: Path) -> Path:
        tables = {
            "runs": [self.run],
            "cells": self.cells,
            "cell_metrics": self.metrics,
            "comparisons": self.told,
            "published": self.theirs,
            "learned_weights": self.learned,
        }
        frames = {
            name: pl.DataFrame(rows, infer_schema_length=None)
            for name, rows in tables.items()
            if rows
        }
        publish(home, frames)
        return home


def language(made: Made, verdict="higher", difference=0.02, **given):
    """Four signals with and without language, and language and popularity alone."""
    mean = 0.15 + difference
    off = {"estimate": 0.0, "date_affinity": 0.0}
    plain = given | {"scorer": "none"}
    both = made.cell("four signals", mean=mean, **given)
    without = made.cell("without language", mean=0.15, weights={"similarity": 0.0}, **plain)
    alone = made.cell("similarity alone", mean=0.12, weights=off | {"popularity": 0.0}, **given)
    popular = made.cell("popularity alone", mean=0.17, weights=off | {"similarity": 0.0}, **plain)
    made.over_base(both, mean - 0.1, "higher")
    made.compare(both, without, "what language adds", difference, verdict)
    made.compare(alone, popular, "language against popularity", -0.05, "lower")
