"""How well each candidate fits each person, by the chosen scorer."""

from typing import TYPE_CHECKING

from tasks.core.vocabulary import Artifact
from tasks.features.similarity.registry import scorer_named
from tasks.features.similarity.stages import (
    calibrate_stage,
    embed_stage,
    gather_scores_stage,
    gather_vectors_stage,
    needed_texts_stage,
    score_stage,
)
from tasks.texts.embedder import Embedder

if TYPE_CHECKING:
    from flows.pipeline import Pipeline


def score(pipeline: "Pipeline", candidates: Artifact) -> Artifact:
    """Similarities of all candidates, as each person's own ratings where that is wanted."""
    prepared = pipeline.with_tastes(pipeline.prepare())
    profiles, texts = prepared.profiles, prepared.texts
    scores = _judge(pipeline, candidates, profiles, texts)
    if not pipeline.settings.calibrate:
        return scores
    anchors = pipeline.choose_anchors(profiles)
    return pipeline.run(
        calibrate_stage,
        scores=scores,
        judged=_judge(pipeline, anchors, profiles, texts),
        anchors=anchors,
        ratings=pipeline.inputs.ratings,
        scale=pipeline.dataset.info.scale,
    )


def _judge(pipeline: "Pipeline", pairs: Artifact, profiles: Artifact, texts: Artifact) -> Artifact:
    settings, embeds = pipeline.settings, pipeline.settings.scorer == "embedded"
    needed = pipeline.run(needed_texts_stage, texts=texts, candidates=pairs, profiles=profiles)
    shared = {
        "scorer": settings.scorer,
        "scorer_version": scorer_named(settings.scorer, settings.home, settings.llm).version,
        "options": settings.llm,
        "candidates": pairs,
        "profiles": profiles,
        "texts": needed,
        "vectors": _vectors(pipeline, needed) if embeds else None,
        "scale": pipeline.dataset.info.scale,
    }
    people, asking = profiles.rows, not embeds
    return pipeline.in_chunks(score_stage, gather_scores_stage, people, shared, asking=asking)


def _vectors(pipeline: "Pipeline", texts: Artifact) -> Artifact:
    shared = {"texts": texts, "embedder": Embedder.version}
    return pipeline.in_chunks(embed_stage, gather_vectors_stage, texts.rows, shared)
