"""From ratings to ranked lists: the stages that every flow shares, in order."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import Task

from tasks.enriching.store import enrichment_of
from tasks.enriching.task import apply_enrichment_task
from tasks.errors import LlmDownError
from tasks.ingest import catalogue
from tasks.ingest.task import ingest_task
from tasks.llm.judges import judge_name
from tasks.models import kept
from tasks.models.task import candidates_task, train_task
from tasks.profiles.task import join_profiles_task, profiles_task, write_tastes_task
from tasks.progress import say
from tasks.reranking.task import rerank_task
from tasks.scoring.registry import scorer_named
from tasks.scoring.task import join_scores_task, score_task, texts_task, unscored_task
from tasks.settings import Settings
from tasks.steps import Steps
from tasks.vocabulary import Artifact, Dataset, Record


class Inputs(Record):
    """What lists are made from: train ratings, the users to serve, and typed tastes if any.

    `keep_model`: the base model may be the one kept from an earlier night, and is kept for later
    ones; never for what is measured on held-out ratings, which an earlier model has seen.
    """

    ratings: Artifact
    users: Artifact
    typed: Artifact | None = None
    keep_model: bool = False


class Ranked(Record):
    """Every user's candidates, base and re-ranked; in `degraded` why they could not be scored."""

    lists: Artifact
    degraded: str | None = None


class Prepared(Record):
    """All that a scorer is shown: per user the candidates and the profile, and the item texts."""

    candidates: Artifact
    profiles: Artifact
    texts: Artifact


def read_dataset(steps: Steps, settings: Settings) -> Dataset:
    """Ingest what `--data` names, unless it was before; with what `palate enrich` found for it."""
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


def rank(steps: Steps, settings: Settings, dataset: Dataset, inputs: Inputs, part: str) -> Ranked:
    """Every user's candidates, base and re-ranked, seen from `inputs` alone.

    While the language model is down the re-ranked order is the base order, marked degraded.
    """
    prepared = prepare(steps, settings, dataset, inputs, part)
    rule, degraded = settings.reranker, None
    try:
        scores = _score(steps, settings, dataset, inputs, prepared, part)
    except LlmDownError as down:
        say(f"    [red]degraded:[/] {down.what} The base lists stand in for the re-ranked ones.")
        scores = steps.run(unscored_task, part, candidates=prepared.candidates)
        rule, degraded = "llm_only", down.what  # without a similarity this keeps the base order
    lists = steps.run(
        rerank_task,
        part,
        candidates=prepared.candidates,
        scores=scores,
        ratings=inputs.ratings,
        items=dataset.items,
        rule=rule,
        weights=settings.weights,
        min_similarity=settings.min_similarity,
    )
    return Ranked(lists=lists, degraded=degraded)


def prepare(
    steps: Steps, settings: Settings, dataset: Dataset, inputs: Inputs, part: str
) -> Prepared:
    """Candidates, profiles (composed or typed, before a model rewrites them) and item texts."""
    candidates = steps.run(
        candidates_task,
        part,
        model=_base_model(steps, settings, dataset, inputs, part),
        ratings=inputs.ratings,
        users=inputs.users,
        count=settings.candidate_count,
    )
    profiles = steps.run(
        profiles_task,
        part,
        users=inputs.users,
        ratings=inputs.ratings,
        items=dataset.items,
        typed=inputs.typed,
        noun_plural=dataset.info.noun_plural,
        this_year=datetime.now(UTC).year,
    )
    texts = steps.run(
        texts_task, part, items=dataset.items, tags=dataset.tags, ratings=inputs.ratings
    )
    return Prepared(candidates=candidates, profiles=profiles, texts=texts)


def _base_model(
    steps: Steps, settings: Settings, dataset: Dataset, inputs: Inputs, part: str
) -> Artifact:
    """A model fitted on these ratings or, with --no-refit, the one kept from an earlier night."""
    known = settings.home, dataset.info, settings.model, settings.seed
    if inputs.keep_model and not settings.refit:
        earlier = kept.last(*known)
        if earlier is not None:
            say(f"  train, {part}: not refitted, the model of {earlier.fitted_at_utc} serves")
            return earlier.factors
    fitted: Artifact = steps.run(
        train_task,
        part,
        ratings=inputs.ratings,
        scale=dataset.info.scale,
        model=settings.model,
        seed=settings.seed,
    )
    earlier = kept.last(*known)
    if inputs.keep_model and (earlier is None or earlier.factors != fitted):
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept.keep(*known, kept.KeptModel(factors=fitted, fitted_at_utc=now))
    return fitted


def _score(
    steps: Steps,
    settings: Settings,
    dataset: Dataset,
    inputs: Inputs,
    prepared: Prepared,
    part: str,
) -> Artifact:
    profiles = _write_tastes(steps, settings, inputs, prepared, part)
    shared = {
        "scorer": settings.scorer,
        "scorer_version": scorer_named(settings.scorer, settings.home, settings.llm).version,
        "options": settings.llm,
        "candidates": prepared.candidates,
        "profiles": profiles,
        "texts": prepared.texts,
        "scale": dataset.info.scale,
    }
    chunks = _each_chunk(steps, settings, score_task, part, profiles.rows, shared)
    joined: Artifact = steps.run(join_scores_task, part, chunks=chunks)
    return joined


def _write_tastes(
    steps: Steps, settings: Settings, inputs: Inputs, prepared: Prepared, part: str
) -> Artifact:
    """The profiles in the language model's words, where that is wanted."""
    if settings.writer != "llm":
        return prepared.profiles
    shared = {
        "options": settings.llm,
        "judge": judge_name("profile", settings.llm),
        "profiles": prepared.profiles,
        "texts": prepared.texts,
        "typed": inputs.typed,
    }
    rows = prepared.profiles.rows
    chunks = _each_chunk(steps, settings, write_tastes_task, part, rows, shared)
    joined: Artifact = steps.run(join_profiles_task, part, chunks=chunks)
    return joined


def _each_chunk(
    steps: Steps,
    settings: Settings,
    stage: Task[..., Artifact],
    part: str,
    rows: int,
    shared: dict[str, object],
) -> list[Artifact]:
    """One task per chunk of users; a batch takes everybody at once, since it may take a day."""
    size = rows if settings.scorer == "llm-batch" else settings.chunk_users
    spans = [(first, min(first + size, rows)) for first in range(0, rows, max(size, 1))]
    return steps.run_each(stage, part, [shared | {"rows": span} for span in spans])
