"""What a flow works on: the data set, with what `palate enrich` found, and typed tastes."""

from pathlib import Path

from tasks.core.errors import BadDataError
from tasks.core.files import sha256_of
from tasks.core.progress import say
from tasks.core.stage import Steps
from tasks.core.vocabulary import Artifact, Dataset
from tasks.data import catalogue
from tasks.data.enriching.fill import apply_enrichment_task, enrichment_of
from tasks.data.stages import ingest_task
from tasks.features.similarity.stages import texts_task
from tasks.models.stages import choose_users_task
from tasks.night.state import Known
from tasks.settings.run import Settings
from tasks.texts.profiles.stages import typed_profiles_task


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


def know(steps: Steps, settings: Settings, part: str = "") -> Known:
    """What a night knows: the data set, whom to serve, what items say, and typed tastes."""
    dataset = read_dataset(steps, settings)
    ratings = dataset.ratings
    users = steps.run(
        choose_users_task, part, ratings=ratings, limit=settings.limit_users, seed=settings.seed
    )
    texts = steps.run(texts_task, part, items=dataset.items, tags=dataset.tags, ratings=ratings)
    typed = read_typed(steps, settings, dataset, part)
    return Known(dataset=dataset, users=users, texts=texts, typed=typed)


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
