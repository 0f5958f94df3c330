"""From ratings to ranked lists: the stages that every flow shares, in order."""

from datetime import UTC, datetime
from pathlib import Path

from tasks.ingest import catalogue
from tasks.ingest.task import ingest_task
from tasks.models.task import candidates_task, train_task
from tasks.profiles.task import profiles_task
from tasks.progress import say
from tasks.reranking.task import rerank_task
from tasks.scoring.registry import scorer_named
from tasks.scoring.task import join_scores_task, score_task, texts_task
from tasks.settings import Settings
from tasks.steps import Steps
from tasks.vocabulary import Artifact, Dataset, Record


class Inputs(Record):
    """What lists are made from: train ratings, the users to serve, and typed tastes if any."""

    ratings: Artifact
    users: Artifact
    typed: Artifact | None = None


def read_dataset(steps: Steps, settings: Settings) -> Dataset:
    """Ingest what `--data` names, unless the same files were ingested before."""
    source = catalogue.find(settings.data, settings.home)
    known = (
        settings.data if not Path(settings.data).is_dir() else str(Path(settings.data).resolve())
    )
    dataset: Dataset = steps.run(ingest_task, folder=known, fingerprint=source.fingerprint())
    for reason, rows in dataset.dropped.items():
        say(f"    {rows:,} {reason}")
    return dataset


def rank(steps: Steps, settings: Settings, dataset: Dataset, inputs: Inputs, part: str) -> Artifact:
    """Every user's candidates, base and re-ranked, seen from `inputs` alone."""
    model = steps.run(
        train_task,
        part,
        ratings=inputs.ratings,
        scale=dataset.info.scale,
        model=settings.model,
        seed=settings.seed,
    )
    candidates = steps.run(
        candidates_task,
        part,
        model=model,
        ratings=inputs.ratings,
        users=inputs.users,
        count=settings.candidate_count,
    )
    scores = _score(steps, settings, dataset, inputs, candidates, part)
    ranked: Artifact = steps.run(
        rerank_task,
        part,
        candidates=candidates,
        scores=scores,
        ratings=inputs.ratings,
        items=dataset.items,
        rule=settings.reranker,
        weights=settings.weights,
        min_similarity=settings.min_similarity,
    )
    return ranked


def _score(
    steps: Steps,
    settings: Settings,
    dataset: Dataset,
    inputs: Inputs,
    candidates: Artifact,
    part: str,
) -> Artifact:
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
    shared = {
        "scorer": settings.scorer,
        "scorer_version": scorer_named(settings.scorer, settings.home).version,
        "candidates": candidates,
        "profiles": profiles,
        "texts": texts,
    }
    chunks = [
        shared | {"first": first, "last": first + settings.chunk_users}
        for first in range(0, profiles.rows, settings.chunk_users)
    ]
    scored = steps.run_each(score_task, part, chunks)
    joined: Artifact = steps.run(join_scores_task, part, chunks=scored)
    return joined
