"""How well each candidate fits each person, by the chosen scorer."""

from typing import TYPE_CHECKING

from tasks.core.vocabulary import Artifact
from tasks.features.similarity.registry import scorer_named
from tasks.features.similarity.stages import (
    embed_task,
    gather_scores_task,
    gather_vectors_task,
    needed_texts_task,
    score_task,
)
from tasks.texts.embedder import Embedder

if TYPE_CHECKING:
    from flows.pipeline import Pipeline


def score(pipeline: "Pipeline", candidates: Artifact) -> Artifact:
    """Similarities of all candidates."""
    prepared = pipeline.with_tastes(pipeline.prepare())
    profiles, texts = prepared.profiles, prepared.texts
    settings, embeds = pipeline.settings, pipeline.settings.scorer == "embedded"
    needed = pipeline.run(needed_texts_task, texts=texts, candidates=candidates, profiles=profiles)
    shared = {
        "scorer": settings.scorer,
        "scorer_version": scorer_named(settings.scorer, settings.home, settings.llm).version,
        "options": settings.llm,
        "candidates": candidates,
        "profiles": profiles,
        "texts": needed,
        "vectors": _vectors(pipeline, needed) if embeds else None,
        "scale": pipeline.dataset.info.scale,
    }
    people, asking = profiles.rows, not embeds
    return pipeline.in_chunks(score_task, gather_scores_task, people, shared, asking=asking)


def _vectors(pipeline: "Pipeline", texts: Artifact) -> Artifact:
    shared = {"texts": texts, "embedder": Embedder.version}
    return pipeline.in_chunks(embed_task, gather_vectors_task, texts.rows, shared)
