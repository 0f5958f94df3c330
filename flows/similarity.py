"""How well each candidate fits each person, by the chosen scorer, and what it is shown of them."""

from dataclasses import replace

from flows.pipeline import Pipeline, item_texts, vectors
from tasks.core import phases
from tasks.core.errors import SettingsError
from tasks.core.progress import outcome, phase, say
from tasks.core.vocabulary import Artifact, Record
from tasks.features.similarity.stages import needed_texts_stage, score_stage, unscored_stage
from tasks.llm.options import Way
from tasks.texts.profiles.stages import profiles_stage, rated_stage, write_tastes_stage


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
        this_year=pipeline.this_year,
        style=pipeline.engine.profile_style,
    )
    return Prepared(profiles=profiles, texts=item_texts(pipeline))


def with_tastes(pipeline: Pipeline, prepared: Prepared) -> Prepared:
    """The same with profiles in the language model's words, where that is wanted."""
    if not pipeline.writes_tastes:
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


def with_ratings(pipeline: Pipeline, prepared: Prepared) -> Prepared:
    """The same with some of each person's train ratings. Raises SettingsError without any."""
    if pipeline.dataset.info.implicit:
        raise SettingsError(
            "llm_ask: ratings shows people's ratings, and nobody rated anything in this data set.",
            "Set it to probability or numbers, or leave it out.",
        )
    profiles = pipeline.steps.chunks(
        rated_stage,
        prepared.profiles.rows,
        pipeline.chunk,
        profiles=prepared.profiles,
        ratings=pipeline.inputs.ratings,
        items=pipeline.dataset.items,
        typed=pipeline.inputs.typed,
    )
    return Prepared(profiles=profiles, texts=prepared.texts)


def in_its_way(pipeline: Pipeline) -> Pipeline:
    """The pipeline that asks for scores in the way that is wanted, or else in the server's best.

    Raises LlmError where the server cannot be asked for it.
    """
    if not pipeline.method.asks_llm:
        return pipeline
    from tasks.llm.session import session_for  # noqa: PLC0415 - loads openai and SQLAlchemy
    from tasks.llm.ways import IN_WORDS, chosen_way  # noqa: PLC0415

    way = session_for(pipeline.steps.home, pipeline.engine).run(chosen_way)
    outcome(f"scores asked for {IN_WORDS[way]}")
    return with_way(pipeline, way)


def with_way(pipeline: Pipeline, way: Way | None) -> Pipeline:
    """The pipeline that asks for scores in this way."""
    return replace(pipeline, engine=pipeline.engine.model_copy(update={"llm_ask": way}))


def shown_to_scorer(pipeline: Pipeline, *, write: bool = True) -> Prepared:
    """Profiles and texts as the scorer is shown them; without `write`, before a model writes."""
    prepared = prepare(pipeline)
    if pipeline.method.asks_llm and pipeline.engine.llm_ask == "ratings":
        return with_ratings(pipeline, prepared)
    return with_tastes(pipeline, prepared) if write else prepared


def _similarities(pipeline: Pipeline, pairs: Artifact) -> Artifact:
    pipeline = in_its_way(pipeline)
    steps, scorer = pipeline.steps, pipeline.method.scorer
    prepared = shown_to_scorer(pipeline)
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
