"""The page of results: one Markdown file, and its plots in a folder beside it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tasks.core.files import replacing
from tasks.report import text
from tasks.report.experiments import charts, markdown
from tasks.report.experiments.sections import Experiment, Row, read_experiments

FOLDER = "results"
"""Beside the page; holds the plots."""

FILTERS = (
    *(text.count, text.date, text.duration, text.model_name, text.percent),
    *(markdown.at_ten, markdown.change, markdown.code, markdown.estimate, markdown.figure),
    *(markdown.p_value, markdown.seeds, markdown.tally),
)


def write_results(home: Path, page: Path) -> list[Path]:
    """Write the page and its plots; gives the files. The same results give the same bytes.

    Raises StoreError where no experiment has been run.
    """
    experiments = read_experiments(home)
    plots = [_plots(stem, one) for stem, one in _named(experiments).items()]
    files = {f"{FOLDER}/{name}": svg for drawn in plots for name, svg in drawn.items()}
    files[page.name] = _page(experiments, [list(drawn) for drawn in plots])
    for name, content in files.items():
        with replacing(page.parent / name) as private:
            private.write_text(content, encoding="utf-8")
    return [page.parent / name for name in files]


def _named(experiments: Sequence[Experiment]) -> dict[str, Experiment]:
    """The experiments by what their files are called: letters and digits, and never the same."""
    named: dict[str, Experiment] = {}
    for number, experiment in enumerate(experiments, start=1):
        stem = re.sub(r"[^a-z0-9]+", "-", experiment.run["name"].lower()).strip("-")
        named[stem if stem and stem not in named else f"{stem or 'experiment'}-{number}"] = (
            experiment
        )
    return named


def _plots(stem: str, experiment: Experiment) -> dict[str, str]:
    """The SVG of each plot by its file's name: all methods, and cold users by ratings kept.

    Methods that see held-out ratings are not drawn: beside them, all others would look alike.
    """
    dots: dict[str, list[Row]] = {}
    lines: dict[str, list[Row]] = {}
    for group in experiment.groups:
        fair = [row for row in group.methods if row["mean"] is not None and not row["cheats"]]
        dots |= {group.name: fair} if fair else {}
        if group.kept is not None:
            lines.setdefault(group.dataset, []).extend(row | {"kept": group.kept} for row in fair)
    drawn = {f"{stem}.svg": charts.dots(dots, experiment.metric)} if dots else {}
    if any(len({row["kept"] for row in rows}) > 1 for rows in lines.values()):
        drawn[f"{stem}-kept.svg"] = charts.lines(lines, experiment.metric)
    return drawn


def _page(experiments: Sequence[Experiment], plots: Sequence[Sequence[str]]) -> str:
    """The Markdown; whatever a value holds, it is shown as text."""
    environment = text.environment(  # `finalize` escapes, for Markdown
        __package__, FILTERS, finalize=markdown.written, keep_trailing_newline=True
    )
    environment.globals["difference"] = markdown.difference
    return environment.get_template("results.md.j2").render(
        experiments=list(zip(experiments, plots, strict=True)),
        folder=FOLDER,
        newest=max(experiment.run["finished_at_utc"] for experiment in experiments),
        versions=_versions(experiments),
        asked=sorted({model for experiment in experiments for model in experiment.asked}),
        language=_language(experiments),
    )


def _versions(experiments: Sequence[Experiment]) -> dict[str, list[str]]:
    """What the runs were made with, and which experiments with that."""
    names: dict[str, list[str]] = {}
    for experiment in experiments:
        versions: Mapping[str, str] = json.loads(experiment.run["versions"])
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        names.setdefault(listed, []).append(experiment.run["name"])
    return names


def _language(experiments: Sequence[Experiment]) -> dict[tuple[str, str], list[Row]]:
    """What language adds, of all experiments, by data set and metric."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for experiment in experiments:
        for row in experiment.language:
            rows.setdefault((row["dataset"], experiment.metric), []).append(row)
    return rows
