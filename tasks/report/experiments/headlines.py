"""One line per data set and protocol: the best method beside the strongest baseline of its run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasks.report.experiments.sections import Experiment, Group, Row


@dataclass(frozen=True)
class Headline:
    """The best method of one experiment on a data set under a protocol, and what it has to beat.

    `difference`: the row of the experiment's comparison of the two, if it has one.
    """

    experiment: Experiment
    group: Group
    method: Row
    baseline: Row
    difference: Row | None


def headlines(experiments: Sequence[Experiment]) -> list[Headline]:
    """By data set, protocol and metric, of the experiment whose best method has the highest mean.

    A method that is random, sees held-out ratings, or may use what was collected after every split
    is none here; a baseline is a base list. Where an experiment lacks either there is no line.
    """
    best: dict[tuple[str, str, str], Headline] = {}
    for experiment in experiments:
        for line in _lines(experiment):
            place = (line.group.dataset, line.group.protocol, experiment.metric)
            known = best.setdefault(place, line)
            if line.method["mean"] > known.method["mean"]:
                best[place] = line
    datasets = list(dict.fromkeys(line.group.dataset for line in best.values()))
    return sorted(best.values(), key=lambda line: datasets.index(line.group.dataset))


def _lines(experiment: Experiment) -> Iterator[Headline]:
    for group in experiment.groups:
        shown = [row for row in group.methods if row["mean"] is not None]
        method = _best([row for row in shown if not row["is_base"] and _is_fair(row)])
        baseline = _best([row for row in shown if row["is_base"]])
        if method and baseline:
            difference = _difference(group, method, baseline)
            yield Headline(experiment, group, method, baseline, difference)


def _is_fair(row: Row) -> bool:
    return not (row["cheats"] or row["later"] or row["random"])


def _best(rows: Sequence[Row]) -> Row | None:
    """The first of those with the highest mean."""
    return max(rows, key=lambda row: row["mean"], default=None)


def _difference(group: Group, method: Row, baseline: Row) -> Row | None:
    compared = [*group.declared, *(row for rows in group.over_base for row in rows)]
    pair = method["cell"], baseline["cell"]
    return next((row for row in compared if (row["cell"], row["against_base"]) == pair), None)
