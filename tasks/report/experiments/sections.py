"""What the pages of results are about: experiments, in groups of one data set and protocol."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import sql
from tasks.report.experiments.markdown import at_ten, seeds
from tasks.store.query import query

Row = dict[str, Any]
"""A row of the statement that its name says."""

KEEPS = re.compile(r"cold-user-(\d+)")


@dataclass(frozen=True)
class Group:
    """The rows of one data set and protocol.

    `declared` are the grid's own comparisons, `over_base` those with base lists, by base model.
    """

    dataset: str
    protocol: str
    methods: list[Row]
    declared: list[Row]
    over_base: list[list[Row]]

    @property
    def name(self) -> str:
        """As headings and plots call it."""
        return f"{self.dataset}, {self.protocol}"

    @property
    def kept(self) -> int | None:
        """How many train ratings a user keeps, where the protocol is about that."""
        match = KEEPS.fullmatch(self.protocol)
        return int(match[1]) if match else None

    @property
    def skipped(self) -> dict[str, int]:
        """What its first split could not test, and how much of it."""
        counts: dict[str, int] = json.loads(self.methods[0]["skipped"])
        return counts

    @property
    def seeds(self) -> str:
        """The seeds of its splits, as in "0 to 9"."""
        each = _distinct(seeds(row["first_seed"], row["seeds"]) for row in self.methods)
        return " and ".join(each)


@dataclass(frozen=True)
class Experiment:
    """The newest run of an experiment: its row of `experiments`, and the rows of its results.

    `learned`: by cell, the weights of its learned order.
    """

    run: Row
    groups: list[Group]
    language: list[Row]
    published: list[Row]
    without: list[Row]
    learned: list[list[Row]]

    @property
    def metric(self) -> str:
        """The metric that its grid names, at ten places."""
        return at_ten(self.run["metric"])

    @property
    def beside(self) -> list[str]:
        """The metrics that its grid wants beside that, at ten places."""
        return [at_ten(metric) for metric in self.run["beside"]]

    @property
    def protocols(self) -> list[str]:
        """The protocols, all of `cold-user` as one."""
        kinds = (group.protocol for group in self.groups)
        return _distinct("cold-user" if KEEPS.fullmatch(kind) else kind for kind in kinds)

    @property
    def datasets(self) -> list[str]:
        """The data sets."""
        return _distinct(group.dataset for group in self.groups)

    @property
    def seeds(self) -> list[str]:
        """The seeds of its splits, by protocol."""
        return _distinct(f"{group.protocol} {group.seeds}" for group in self.groups)

    @property
    def says(self) -> dict[str, list[str]]:
        """The verdicts of the grid's own comparisons, by the question that they answer."""
        verdicts: dict[str, list[str]] = {}
        for group in self.groups:
            for row in group.declared:
                verdicts.setdefault(row["says"], []).append(row["verdict"])
        return verdicts

    @property
    def asked(self) -> list[str]:
        """The language models whose scores were measured."""
        scorers = (row["scorer"] for group in self.groups for row in group.methods)
        return _distinct(scorer for scorer in scorers if scorer.startswith("llm"))


def read_experiments(home: Path) -> list[Experiment]:
    """The newest run of every experiment, in the order in which they were first run."""
    runs = query(home, sql.statement("results/experiments.sql")).to_dicts()
    return [_experiment(home, run) for run in runs]


def _experiment(home: Path, run: Row) -> Experiment:
    def rows(name: str) -> list[Row]:
        return query(home, sql.statement(name), {"run_id": run["run_id"]}).to_dicts()

    comparisons = rows("results/comparisons.sql")
    return Experiment(
        run=run,
        groups=[
            _group(list(methods), comparisons)
            for _, methods in groupby(rows("results/methods.sql"), _of)
        ],
        language=[row | {"name": run["name"]} for row in rows("results/language.sql")],
        published=rows("results/published.sql"),
        without=rows("evaluation/without_figures.sql"),
        learned=_grouped(rows("results/weights.sql"), "cell"),
    )


def _group(methods: list[Row], comparisons: list[Row]) -> Group:
    dataset, protocol = _of(methods[0])
    here = [row for row in comparisons if _of(row) == (dataset, protocol)]
    return Group(
        dataset=dataset,
        protocol=protocol,
        methods=methods,
        declared=[row for row in here if not row["over_base"]],
        over_base=_grouped([row for row in here if row["over_base"]], "model"),
    )


def _grouped(rows: list[Row], column: str) -> list[list[Row]]:
    """The rows in runs of one value of a column."""
    return [list(run) for _, run in groupby(rows, lambda row: row[column])]


def _of(row: Row) -> tuple[str, str]:
    return row["dataset"], row["protocol"]


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
