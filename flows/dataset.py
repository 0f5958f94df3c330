"""What a flow works on: the data set, with what `palate enrich` found, and typed tastes."""

from pathlib import Path

from tasks.artifacts import sha256_of
from tasks.enriching.store import enrichment_of
from tasks.enriching.task import apply_enrichment_task
from tasks.errors import BadDataError
from tasks.ingest import catalogue
from tasks.ingest.task import ingest_task
from tasks.profiles.task import typed_profiles_task
from tasks.progress import say
from tasks.settings import Settings
from tasks.steps import Steps
from tasks.vocabulary import Artifact, Dataset


def read_dataset(steps: Steps, settings: Settings) -> Dataset:
    """Ingest what `--data` names, unless it was before."""
    source = catalogue.find(settings.data, settings.home)
    known = (
        settings.data if not Path(settings.data).is_dir() else str(Path(settings.data).resolve())
    )
    dataset: Dataset = steps.run(ingest_task, folder=known, fingerprint=source.fingerprint())
    for reason, rows in dataset.dropped.items():
        say(f"    {rows:,} {reason}")
    enrichment = enrichment_of(settings.home, dataset.info.name)
    if enrichment is None:
        return dataset
    filled = steps.run(apply_enrichment_task, items=dataset.items, enrichment=enrichment)
    return dataset.model_copy(update={"items": filled})


def read_typed(
    steps: Steps, settings: Settings, dataset: Dataset, part: str = ""
) -> Artifact | None:
    """The tastes of `--profiles`, None without that option."""
    file = settings.profiles
    if file is None:
        return None
    if not file.is_file():
        raise BadDataError(file, "the file is missing", "Check --profiles.")
    read: Artifact = steps.run(
        typed_profiles_task,
        part,
        folder=file,
        fingerprint=sha256_of(file),
        ratings=dataset.ratings,
    )
    return read
