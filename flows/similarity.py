"""How well each candidate fits each person, by the chosen scorer, and what it is shown of them."""

from datetime import UTC, datetime

from flows.pipeline import Pipeline, item_texts, vectors
from tasks.core import phases
from tasks.core.progress import phase, say
from tasks.core.vocabulary import Artifact, Record
from tasks.features.similarity.stages import needed_texts_stage, score_stage, unscored_stage
from tasks.texts.profiles.stages import profiles_stage, write_tastes_stage


class Prepared(Record):
    """What a scorer is shown of people and items: profiles and texts."""

    profiles: Artifact
    texts: Artifact


def prepare(pipeline: Pipeline) -> Prepared:
    """Profiles (composed or typed, before a model rewrites them) and item texts."""
    users = pipeline.inputs.users
    profiles = pipeline.steps.chunks(
        profiles_stage,
        users.rows,
        pipeline.chunk,
        users=users,
        ratings=pipeline.inputs.ratings,
        items=pipeline.dataset.items,
        typed=pipeline.inputs.typed,
        noun_plural=pipeline.dataset.info.noun_plural,
        this_year=datetime.now(UTC).year,
        style=pipeline.engine.profile_style,
    )
    return Prepared(profiles=profiles, texts=item_texts(pipeline))


def with_tastes(pipeline: Pipeline, prepared: Prepared) -> Prepared:
    """The same with profiles in the language model's words, where that is wanted."""
    if pipeline.method.writer != "llm":
        return prepared
    people = prepared.profiles.rows
    profiles = pipeline.steps.chunks(
        write_tastes_stage,
        people,
        pipeline.chunk_for_asking(people),
        options=pipeline.engine,
        profiles=prepared.profiles,
        texts=prepared.texts,
        typed=pipeline.inputs.typed,
        again=pipeline.again,
    )
    return Prepared(profiles=profiles, texts=prepared.texts)


def similarities(pipeline: Pipeline, pairs: Artifact) -> Artifact:
    """The scorer's similarity of every candidate. Raises LlmError where none can be had."""
    with phase(phases.ASK):
        return _similarities(pipeline, pairs)


def _similarities(pipeline: Pipeline, pairs: Artifact) -> Artifact:
    steps, scorer = pipeline.steps, pipeline.method.scorer
    prepared = with_tastes(pipeline, prepare(pipeline))
    texts = steps.run(
        needed_texts_stage, texts=prepared.texts, candidates=pairs, profiles=prepared.profiles
    )
    people, embeds = prepared.profiles.rows, scorer == "embedded"
    scores = steps.chunks(
        score_stage,
        people,
        pipeline.chunk_for_asking(people) if pipeline.method.asks_llm else pipeline.chunk,
        scorer=scorer,
        options=pipeline.engine,
        candidates=pairs,
        profiles=prepared.profiles,
        texts=texts,
        vectors=vectors(pipeline, texts) if embeds else None,
        scale=pipeline.dataset.info.scale,
        again=pipeline.again,
        recorded=pipeline.inputs.recorded,
    )
    if scorer == "recorded":
        _say_coverage(pipeline, scores)
    return scores


def _say_coverage(pipeline: Pipeline, scores: Artifact) -> None:
    missing = pipeline.steps.run(unscored_stage, scores=scores, limit=1.0)
    judged = missing.pairs - missing.missing
    share = judged / max(missing.pairs, 1)
    say(
        f"    {judged:,} of {missing.pairs:,} candidates ({share:.0%}) were judged,"
        f" {pipeline.steps.part}; the others are neutral"
    )
