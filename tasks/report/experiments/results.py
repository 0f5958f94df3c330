"""The page of results, and the pages that it links: one per experiment, replay, data set."""

import re
from collections.abc import Sequence
from pathlib import Path

from tasks.core.errors import StoreError
from tasks.core.files import replacing
from tasks.report.experiments import charts
from tasks.report.experiments.asking_nights import read_asking_nights
from tasks.report.experiments.judged import read_judged
from tasks.report.experiments.pages import FOLDER, SHARED, Pages
from tasks.report.experiments.replays import read_replays
from tasks.report.experiments.sections import Experiment, Row, read_experiments
from tasks.report.experiments.wishes import read_wishes

DEFAULT = Path("results-page", "RESULTS.md")
"""Where the page is, from the home folder, unless somebody says."""


def write_results(home: Path, out: Path | None = None) -> list[Path]:
    """Write all pages and plots; gives the files, the page that links the others last.

    The same results give the same bytes. Raises StoreError where there is nothing to show.
    """
    page = out or home / DEFAULT
    files = _files(_read(home, page.name))
    for name, content in files.items():
        with replacing(page.parent / name) as private:
            private.write_text(content, encoding="utf-8")
    return [page.parent / name for name in files]


def _read(home: Path, front: str) -> Pages:
    """What there is to show, by what the files are called: never two the same."""
    experiments, replays, wished = read_experiments(home), read_replays(home), read_wishes(home)
    judged, asking = read_judged(home), read_asking_nights(home)
    if not (experiments or replays or wished or judged or asking):
        raise StoreError(
            f"{home}: no experiment has been run yet, and no replay.",
            "Run one first: palate experiment deployments/experiments/first.toml, or palate replay",
        )
    replayed = _stems([f"replay {one.dataset}" for one in replays], SHARED)
    tasted = _stems([f"wishes {one.dataset}" for one in wished], [*SHARED, *replayed])
    taken = [*SHARED, *replayed, *tasted]
    modelled = _stems([f"judgements {one.dataset}" for one in judged], taken)
    taken += modelled
    told = _stems([f"asked {nights[0].run['dataset']}" for nights in asking], taken)
    named = _stems([one.run["name"] for one in experiments], [*taken, *told])
    return Pages(
        front=front,
        experiments=dict(zip(named, experiments, strict=True)),
        replays=dict(zip(replayed, replays, strict=True)),
        wished=dict(zip(tasted, wished, strict=True)),
        judged=dict(zip(modelled, judged, strict=True)),
        asking=dict(zip(told, asking, strict=True)),
    )


def _stems(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """What the files of each name are called: letters and digits, each another."""
    stems: list[str] = []
    for number, name in enumerate(names, start=1):
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        free = stem and stem not in [*taken, *stems]
        stems.append(stem if free else f"{stem or 'experiment'}-{number}")
    return stems


def _files(pages: Pages) -> dict[str, str]:
    """What each file holds, by its name from the folder of the page."""
    beside: dict[str, str] = {}
    for stem, experiment in pages.experiments.items():
        plots = _plots(stem, experiment)
        beside |= plots | {f"{stem}.md": pages.of_experiment(experiment, list(plots))}
    beside |= {f"{stem}.md": pages.of_replay(replay) for stem, replay in pages.replays.items()}
    beside |= {f"{stem}.md": pages.of_wishes(one) for stem, one in pages.wished.items()}
    beside |= {f"{stem}.md": pages.of_judgements(one) for stem, one in pages.judged.items()}
    beside |= {f"{stem}.md": pages.of_nights(nights) for stem, nights in pages.asking.items()}
    beside |= {f"{stem}.md": pages.shared(stem) for stem in SHARED}
    files = {f"{FOLDER}/{name}": content for name, content in beside.items()}
    return files | {pages.front: pages.of_all()}


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
