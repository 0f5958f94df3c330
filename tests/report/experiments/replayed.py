"""A replay as `publish` takes it, by hand: two nights, of some lists, and of newcomers."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from tasks.store.warehouse import publish
from tests.report.experiments.rows import Made

BESIDE = {"NDCG": 0.3, "HR": 0.5, "repeated": 0.7, "new items": 0.1, "coverage": 0.2}
NOTHING_YET = {"newcomers": 0, "new_lists": 0, "fitted": True, "status": "complete", "requests": 0}


class Replayed(Made):
    """`lists` by what each gives on every night; the first is the published one."""

    def __init__(self, dataset="books", run_id="20260102-000000-bbbbbb", day=2, **config):
        super().__init__("replay", run_id, day)
        self.dataset, self.by_user, self.nights, self.foretold = dataset, [], [], []
        given = {"data": dataset, "top": 10, "horizon": 30, "replay": {"every": None}}
        self.run |= {"flow": "replay", "config": json.dumps(given | config)}

    def night(self, judged=5, newcomers=2, every=30):
        number = len(self.nights)
        moment = datetime(2020, 1, 1) + timedelta(days=every * number)
        row = {"run_id": self.run_id, "night": number, "moment": moment, "people": 9}
        row |= NOTHING_YET | {"judged": judged, "newcomers": newcomers}
        self.nights.append(row | {"seconds": 1.0, "work_seconds": 2.0})

    def made(self, label, values, base=None):
        """A list of one person with a value of NDCG liked per night; `base`: of its base list."""
        cell = self.cell(label, dataset=self.dataset, protocol="replay", reranker="none")
        self.metrics = [row for row in self.metrics if row["cell"] != cell]
        for name, given in (("reranked", values), ("base", base or values)):
            self.figure(cell, name, sum(given) / len(given), "NDCG liked")
            for metric, value in (BESIDE | {"novelty": 6.5}).items():
                self.figure(cell, name, value, metric)
            for night, value in enumerate(given):
                key = {"run_id": self.run_id, "cell": cell, "seed": night, "list": name}
                self.by_user.append(
                    key | {"user": "u", "metric": "NDCG liked", "k": 10, "value": value}
                )
        return cell

    def against(self, cell, other, difference, verdict, **given):
        said = {"metric": "NDCG liked"} | given
        self.compare(cell, other, "published lists against rivals", difference, verdict, **said)

    def reliable(self, lowest, highest, pairs, foretold, happened):
        row = {"run_id": self.run_id, "night": 0, "lowest": lowest, "highest": highest}
        self.foretold.append(row | {"pairs": pairs, "foretold": foretold, "happened": happened})

    def publish(self, home: Path) -> Path:
        tables = {
            "runs": [self.run],
            "cells": self.cells,
            "cell_metrics": self.metrics,
            "comparisons": self.told,
            "user_metrics": self.by_user,
            "replayed_nights": self.nights,
            "reliability": self.foretold,
        }
        publish(home, {name: pl.DataFrame(rows) for name, rows in tables.items() if rows})
        return home


def two_nights(dataset="books", **given) -> Replayed:
    """Published lists above their base lists on both nights, above EASE on one; and newcomers."""
    made = Replayed(dataset, **given)
    made.night()
    made.night(judged=6, newcomers=0)
    ours = made.made("published lists", [0.4, 0.2], base=[0.1, 0.1])
    theirs = made.made("ease", [0.2, 0.3])
    new = made.made("published lists, newcomers", [0.6], base=[0.6])
    rival = made.made("ease, newcomers", [0.5])
    made.against(ours, ours, 0.2, "higher", against_list="base")
    made.against(ours, theirs, 0.05, "no difference shown")
    made.against(new, new, 0.0, "no difference shown", against_list="base")
    made.against(new, rival, -0.1, "lower")
    made.reliable(0.0, 0.005, 100, 0.002, 0.003)
    made.reliable(0.3, 0.5, 10, 0.4, 0.25)
    return made
