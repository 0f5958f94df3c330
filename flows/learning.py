"""The learned ranker, fitted on inner splits of a pipeline's train ratings alone."""

from collections.abc import Sequence
from dataclasses import replace

from flows.candidates import propose
from flows.inner import inner_part, inner_seed, inner_split, to_learn_from
from flows.pipeline import Candidates, Inputs, Pipeline, item_vectors
from flows.similarity import similarities
from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import Artifact
from tasks.data.stages import as_of_stage
from tasks.evaluation.stages import Split
from tasks.features.registry import FEATURES, TIME
from tasks.features.sequence import SEQUENCE
from tasks.features.stages import (
    FeatureInputs,
    item_facts_stage,
    labelled_features_stage,
)
from tasks.features.table import learned_features
from tasks.features.time import RATED_NEXT
from tasks.ranking.blend import Learned
from tasks.ranking.stages import learn_stage

MOST_AT_ONCE = 1000
"""Users whose features, of all their candidates, are in memory at once."""


def learn(pipeline: Pipeline) -> Learned:
    """Fit on the pipeline's inner splits. Raises TooLittleDataError."""
    method = pipeline.method
    if pipeline.inner_protocol == "horizon" and len(pipeline.windows) < 2:
        raise TooLittleDataError(
            f"There are {len(pipeline.windows)} windows of time to learn from, and 2 are needed.",
            "Set a shorter --horizon, or --learn-protocol split.",
        )
    return learn_on(pipeline, range(pipeline.inner_splits), trees=method.learn_trees)


def learn_on(pipeline: Pipeline, numbers: Sequence[int], *, trees: bool) -> Learned:
    """Fit on these inner splits. Raises TooLittleDataError."""
    tables = [labelled_table(pipeline, number) for number in numbers]
    return pipeline.steps.run(
        learn_stage,
        tables=tables[::-1] if pipeline.forward else tables,  # the newest comes last
        seed=pipeline.seed,
        trees=trees,
        forward=pipeline.forward,
    )


def feature_names(pipeline: Pipeline, candidates: Candidates) -> tuple[str, ...]:
    """The models and features that the learned ranker reads."""
    method = pipeline.method
    without = method.without if pipeline.forward else (*method.without, TIME)
    names = learned_features(
        candidates.models,
        without,
        similarity=method.learns_scores,
        implicit=pipeline.dataset.info.implicit,
    )
    return tuple(names)


def feature_inputs(
    pipeline: Pipeline, candidates: Candidates, names: tuple[str, ...]
) -> FeatureInputs:
    """The files that these features are made from; a text is embedded only where one is read."""
    ratings, items = pipeline.inputs.ratings, pipeline.dataset.items
    reads_texts = any(name in FEATURES and FEATURES[name].group == "language" for name in names)
    reads_scores = pipeline.method.reads_similarity
    drawn, part = to_learn_from(pipeline, pipeline.inputs.all_ratings)
    return FeatureInputs(
        ratings=ratings,
        items=items,
        item_facts=pipeline.steps.run(
            item_facts_stage,
            ratings=pipeline.inputs.all_ratings,
            items=items,
            closeness=SEQUENCE in names,
            nexts=RATED_NEXT in names,
            share=pipeline.inputs.share,
            drawn=None if part is None else drawn,
        ),
        vectors=item_vectors(pipeline) if reads_texts else None,
        models={name: model for name, model in candidates.models.items() if name in names},
        scores=similarities(pipeline, candidates.pairs) if reads_scores else None,
    )


def held_out_share(pipeline: Pipeline) -> float:
    """What part of all ratings an inner split holds out."""
    split = inner_split(pipeline, 0)
    return split.held_out.rows / (split.held_out.rows + split.train.rows)


def inner_pipeline(pipeline: Pipeline, number: int) -> tuple[Split, Pipeline]:
    """An inner split, and the pipeline of its users, made as the outer one is."""
    split = inner_split(pipeline, number)
    steps, dataset = pipeline.steps.at(inner_part(pipeline, number)), pipeline.dataset
    train, (sample, share) = split.train, to_learn_from(pipeline, pipeline.inputs.ratings)
    if pipeline.windows:
        start, known = pipeline.windows[number].start, dataset
        if share is not None:
            known = dataset.model_copy(update={"ratings": sample})
        dataset = steps.run(as_of_stage, dataset=known, moment=start)
        train = dataset.ratings  # as in the file of a night on that day, whose models serve here
    inner = replace(
        pipeline,
        steps=steps,
        dataset=dataset,
        seed=inner_seed(pipeline, number),
        inputs=Inputs(
            ratings=train,
            users=split.users,
            recorded=pipeline.inputs.recorded,
            new_items=split.new_items,
            most_new=pipeline.inputs.most_new,
            share=share,
        ),
    )
    return split, inner


def labelled_table(pipeline: Pipeline, number: int) -> Artifact:
    """Labelled features of one inner split."""
    split, inner = inner_pipeline(pipeline, number)
    candidates = propose(inner)
    names = feature_names(inner, candidates)
    return inner.steps.chunks(
        labelled_features_stage,
        split.users.rows,
        min(inner.chunk, MOST_AT_ONCE),
        users=split.users,
        pairs=candidates.pairs,
        known=feature_inputs(inner, candidates, names),
        names=names,
        held_out=split.held_out,
        relevant_at=pipeline.liked_from,
        trim=inner.seed if pipeline.forward else None,
    )
