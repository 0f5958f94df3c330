"""What stands on each page of results, as Markdown; whatever a value holds, it is shown as text."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

from tasks.core.protocols import PROTOCOLS
from tasks.llm.questions import RATED_PARTS
from tasks.report import text
from tasks.report.experiments import markdown
from tasks.report.experiments.asking_nights import ORDERS, AskingNight
from tasks.report.experiments.headlines import headlines
from tasks.report.experiments.judged import Judged
from tasks.report.experiments.replays import Replay
from tasks.report.experiments.sections import Experiment, Row
from tasks.report.experiments.wishes import Wishes

FOLDER = "results"
"""Beside the page that links all others: holds these, and the plots."""

SHARED = HOW_TO_READ, LANGUAGE = "how-to-read", "what-language-adds"
"""Pages that belong to no experiment."""

FILTERS = (
    *(text.count, text.date, text.duration, text.model_name, text.percent),
    *(
        markdown.at,
        markdown.at_ten,
        markdown.change,
        markdown.code,
        markdown.estimate,
        markdown.figure,
    ),
    *(markdown.p_value, markdown.seeds, markdown.tally, markdown.verbatim),
)


@dataclass(frozen=True)
class Pages:
    """Everything measured by what its page is called; `front` is the page of all."""

    front: str
    experiments: Mapping[str, Experiment]
    replays: Mapping[str, Replay]
    wished: Mapping[str, Wishes]
    judged: Mapping[str, Judged]
    asking: Mapping[str, Sequence[AskingNight]]

    def of_all(self) -> str:
        """The page that links all others: replays first, then a line per protocol."""
        experiments, replays = list(self.experiments.values()), list(self.replays.values())
        runs = [*(one.run for one in experiments), *(one.run for one in replays)]
        runs += [one.run for one in self.wished.values()]
        runs += [one.run for one in self.judged.values()]
        runs += [night.run for nights in self.asking.values() for night in nights]
        replayed = {replay.dataset for replay in replays}
        groups = [group for one in experiments for group in one.groups]
        stems = {one.run["run_id"]: stem for stem, one in self.experiments.items()}
        return self._rendered(
            "results",
            headlines=headlines(experiments),
            stems=stems,
            newest=max(run["finished_at_utc"] for run in runs),
            not_replayed=[
                name for name in dict.fromkeys(g.dataset for g in groups) if name not in replayed
            ],
        )

    def of_experiment(self, experiment: Experiment, plots: Sequence[str]) -> str:
        """The page of one experiment; `plots` are its files."""
        versions: Mapping[str, str] = json.loads(experiment.run["versions"])
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        return self._rendered("experiment", experiment=experiment, plots=plots, versions=listed)

    def of_replay(self, replay: Replay) -> str:
        """The page of one replay: night by night."""
        return self._rendered("replay", replay=replay)

    def of_wishes(self, wishes: Wishes) -> str:
        """The page of one measurement of tastes in words, with examples to read."""
        return self._rendered("wishes", wishes=wishes)

    def of_judgements(self, judged: Judged) -> str:
        """The page of one measurement of recorded judgements."""
        return self._rendered("judgements", judgements=judged)

    def of_nights(self, nights: Sequence[AskingNight]) -> str:
        """The page of the nights of a data set that asked a language model about heads."""
        return self._rendered("asking_nights", nights=nights, rated_parts=RATED_PARTS)

    def shared(self, stem: str) -> str:
        """A page that belongs to no experiment."""
        return self._rendered(stem)

    def _rendered(self, template: str, **values: Any) -> str:  # noqa: ANN401 - what a template shows
        return (
            _environment()
            .get_template(f"{template}.md.j2")
            .render(
                front=markdown.verbatim(quote(self.front)),
                folder=FOLDER,
                how_to_read=HOW_TO_READ,
                language_page=LANGUAGE,
                experiments=self.experiments,
                replays=self.replays,
                wished=self.wished,
                judged=self.judged,
                asking=self.asking,
                orders=ORDERS,
                protocols=PROTOCOLS.values(),
                asked=sorted({m for one in self.experiments.values() for m in one.asked}),
                language=_language(self.experiments.values()),
                **values,
            )
        )


@cache
def _environment() -> Environment:
    made = text.environment(  # `finalize` escapes, for Markdown
        __package__, FILTERS, finalize=markdown.written, keep_trailing_newline=True
    )
    made.globals["difference"] = markdown.difference
    return made


def _language(experiments: Iterable[Experiment]) -> dict[tuple[str, str], list[Row]]:
    """What language adds, of all experiments, by data set and metric."""
    rows: dict[tuple[str, str], list[Row]] = {}
    for experiment in experiments:
        for row in experiment.language:
            rows.setdefault((row["dataset"], experiment.metric), []).append(row)
    return rows
