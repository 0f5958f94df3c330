"""What a catalogue lacks, asked of TMDB and of a language model, and kept for later nights."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from prefect import flow

from flows.dataset import find_source, ingested
from tasks.core.artifacts import read_table
from tasks.core.flow_steps import FlowSteps
from tasks.core.secrets import Secrets
from tasks.core.steps import Steps
from tasks.core.vocabulary import Dataset, Record
from tasks.data.enriching import ATTRIBUTION
from tasks.data.enriching.cached import CachedTmdb
from tasks.data.enriching.enrich import Counts
from tasks.data.enriching.enrich import enrich as fill_in
from tasks.data.enriching.fill import load, save
from tasks.data.enriching.tmdb import BASE_URL
from tasks.llm.questions import AskTexts, Kind
from tasks.settings.settings import Settings
from tasks.store.asked import causes


class EnrichResult(Record):
    """What was found for which data set, where it is kept, and what must be said with it.

    `lacking`: how many questions the language model left unanswered, and why, if that is more than
    the limit.
    """

    dataset: str
    counts: Counts
    file: Path
    attribution: str | None
    lacking: str | None = None


@dataclass
class Counting:
    """Asks, and counts the questions and those without an answer."""

    ask: AskTexts
    asked: int = 0
    unanswered: int = 0

    def __call__(self, kind: Kind, blocks: Sequence[str]) -> list[str | None]:
        """One text per block, None where there is none."""
        texts = self.ask(kind, blocks)
        self.asked += len(texts)
        self.unanswered += texts.count(None)
        return texts


def enrich(
    settings: Settings,
    tmdb_url: str = BASE_URL,
    ask: AskTexts | None = None,
    limit: int | None = None,
) -> EnrichResult:
    """Fill what the catalogue that `--data` names lacks; later flows find it filled.

    TMDB is asked if TMDB_API_KEY is set, and then `ask` unless it is None, for at most `limit`
    items. What was answered is kept as it arrives: a run that was stopped carries on.
    """

    # `ask` stays out of the flow's parameters: Prefect would send what it holds to its server.
    @flow(name="enrich")
    def run(settings: Settings, tmdb_url: str, limit: int | None) -> EnrichResult:
        return _enrich(settings, tmdb_url, ask, limit)

    return run(settings, tmdb_url, limit)


def _enrich(
    settings: Settings, tmdb_url: str, ask: AskTexts | None, limit: int | None
) -> EnrichResult:
    home = settings.home
    dataset = _as_it_came(FlowSteps(home), settings)
    name = dataset.info.name
    key = Secrets().tmdb_api_key
    asking, began = Counting(ask) if ask else None, time.time()
    enriched = fill_in(
        read_table(home, dataset.items),
        noun=dataset.info.noun,
        tmdb=CachedTmdb(home, tmdb_url, key) if key and key.get_secret_value() else None,
        judge=partial(asking, "judge") if asking else None,
        describe=partial(asking, "describe") if asking else None,
        limit=limit,
        earlier=load(home, name),
        keep=partial(save, home, name),
    )
    used = enriched.counts.from_tmdb or enriched.counts.figures
    return EnrichResult(
        dataset=name,
        counts=enriched.counts,
        file=save(home, name, enriched.table),
        attribution=ATTRIBUTION if used else None,
        lacking=_lacking(settings, asking, began) if asking else None,
    )


def _lacking(settings: Settings, asking: Counting, began: float) -> str | None:
    """What the model left out, and why; None where that is within the limit."""
    most = settings.llm.llm_unscored_limit * asking.asked
    if asking.unanswered <= most or not settings.llm.llm_model:
        return None
    why = causes(settings.home, settings.engine, began) or "no request says why"
    share = asking.unanswered / asking.asked
    return (
        f"{asking.unanswered:,} of {asking.asked:,} questions ({share:.0%}) have no answer of"
        f" {settings.llm.llm_model}: {why}."
    )


def _as_it_came(steps: Steps, settings: Settings) -> Dataset:
    """The data set without what was found earlier: only so it is known what it lacks."""
    return ingested(steps, settings, find_source(settings))
