"""One line per data set and protocol: the best method beside the strongest baseline of its run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.report.experiments.sections import Experiment, Group, Row

Place = tuple[str, str, str]
"""Data set, protocol and metric: only figures of one place can be compared."""


@dataclass(frozen=True)
class Baseline:
    """The strongest base list of an experiment's group."""

    experiment: Experiment
    row: Row


@dataclass(frozen=True)
class Headline:
    """The best method of one experiment on a data set under a protocol, and what it has to beat.

    `difference`: the row of the experiment's comparison of the two, if it has one. `elsewhere`: of
    other experiments the strongest baseline, where that is above this one's.
    """

    experiment: Experiment
    group: Group
    method: Row
    baseline: Row
    difference: Row | None
    elsewhere: Baseline | None


def headlines(experiments: Sequence[Experiment]) -> list[Headline]:
    """By data set, protocol and metric, of the experiment whose best method has the highest mean.

    A method that is random, sees held-out ratings, or may use what was collected after every split
    is none here; a baseline is a base list. Where an experiment lacks either there is no line.
    """
    baselines = _baselines(experiments)
    best: dict[Place, Headline] = {}
    for experiment, group in _groups(experiments):
        place = _place(experiment, group)
        line = _line(experiment, group, baselines.get(place))
        if line and (place not in best or line.method["mean"] > best[place].method["mean"]):
            best[place] = line
    datasets = list(dict.fromkeys(line.group.dataset for line in best.values()))
    return sorted(best.values(), key=lambda line: datasets.index(line.group.dataset))


def _groups(experiments: Sequence[Experiment]) -> Iterator[tuple[Experiment, Group]]:
    return ((experiment, group) for experiment in experiments for group in experiment.groups)


def _place(experiment: Experiment, group: Group) -> Place:
    return group.dataset, group.protocol, experiment.metric


def _baselines(experiments: Sequence[Experiment]) -> dict[Place, Baseline]:
    """The strongest of all experiments, by place."""
    strongest: dict[Place, Baseline] = {}
    for experiment, group in _groups(experiments):
        place, row = _place(experiment, group), _baseline(group)
        if row and (place not in strongest or row["mean"] > strongest[place].row["mean"]):
            strongest[place] = Baseline(experiment, row)
    return strongest


def _line(experiment: Experiment, group: Group, strongest: Baseline | None) -> Headline | None:
    method, baseline = _method(group), _baseline(group)
    if not (method and baseline):
        return None
    return Headline(
        experiment=experiment,
        group=group,
        method=method,
        baseline=baseline,
        difference=_difference(group, method, baseline),
        elsewhere=strongest if strongest and strongest.row["mean"] > baseline["mean"] else None,
    )


def _method(group: Group) -> Row | None:
    unfair = "is_base", "cheats", "later", "random"
    return _best([row for row in group.methods if not any(row[name] for name in unfair)])


def _baseline(group: Group) -> Row | None:
    return _best([row for row in group.methods if row["is_base"]])


def _best(rows: Sequence[Row]) -> Row | None:
    """The first of those with the highest mean."""
    measured = [row for row in rows if row["mean"] is not None]
    return max(measured, key=lambda row: row["mean"], default=None)


def _difference(group: Group, method: Row, baseline: Row) -> Row | None:
    compared = [*group.declared, *(row for rows in group.over_base for row in rows)]
    pair = method["cell"], baseline["cell"]
    return next((row for row in compared if (row["cell"], row["against_base"]) == pair), None)
