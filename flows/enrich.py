"""What a catalogue lacks, asked of TMDB and of a language model, and kept for later nights."""

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
from tasks.llm.questions import AskTexts
from tasks.settings.settings import Settings


class EnrichResult(Record):
    """What was found for which data set, where it is kept, and what must be said with it."""

    dataset: str
    counts: Counts
    file: Path
    attribution: str | None


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
    enriched = fill_in(
        read_table(home, dataset.items),
        noun=dataset.info.noun,
        tmdb=CachedTmdb(home, tmdb_url, key) if key and key.get_secret_value() else None,
        judge=ask and partial(ask, "judge"),
        describe=ask and partial(ask, "describe"),
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
    )


def _as_it_came(steps: Steps, settings: Settings) -> Dataset:
    """The data set without what was found earlier: only so it is known what it lacks."""
    return ingested(steps, settings, find_source(settings))
