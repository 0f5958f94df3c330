"""What recorded judgements of language models add to the order learned without language."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.candidates import propose
from flows.dataset import file_given, fingerprint_of, read_dataset, read_held_out, read_judge
from flows.outcomes import JudgementsResult
from flows.pipeline import Candidates, Inputs, Pipeline, item_texts, rating_counts, vectors
from flows.ranking import rank
from flows.similarity import prepare
from flows.tuning import tuned
from tasks.core.direct_steps import DirectSteps
from tasks.core.progress import say
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, Dataset
from tasks.evaluation.judgements.candidates import pairs_of_others_stage
from tasks.evaluation.judgements.orders import measure_orders_stage
from tasks.evaluation.judgements.profiles import ItemTexts, measure_profiles_stage
from tasks.evaluation.judgements.ratings import (
    measure_ratings_stage,
    read_foretold_stage,
)
from tasks.evaluation.judgements.spec import Judgements, Orders, Profiles, Ratings
from tasks.evaluation.judgements.truth import HeldOutOf
from tasks.evaluation.stages import Split, split_stage
from tasks.models.registry import model_class
from tasks.settings.evaluation import EvaluationSettings
from tasks.store.record import EvaluationRun, new_run_id
from tasks.store.stages import publish_judgements_stage
from tasks.texts.profiles.stages import typed_profiles_stage


def measure_judgements(
    wanted: Judgements, settings: EvaluationSettings, command: str
) -> JudgementsResult:
    """Measure what the file names, and publish it; one split, that of the first seed.

    Everything is learned from train, and without language where the settings say so.
    """
    started, steps = datetime.now(UTC), DirectSteps(settings.home)
    dataset = read_dataset(steps, settings)
    ours = _Ours.of(steps, settings, dataset)
    parts = [
        *([ours.orders(wanted.orders)] if wanted.orders else []),
        *([ours.ratings(wanted.ratings)] if wanted.ratings else []),
        *([ours.profiles(wanted.profiles)] if wanted.profiles else []),
    ]
    run = EvaluationRun(
        run_id=new_run_id(started),
        flow="judgements",
        started_at_utc=started,
        config=wanted.described(settings, command),
        stages=steps.records,
    )
    database = steps.run(
        publish_judgements_stage, run=run, dataset=dataset.info.name, measured=parts
    )
    return JudgementsResult(run_id=run.run_id, database=settings.home / database)


@dataclass(frozen=True)
class _Ours:
    """Our own lists of the users of a split, and how lists of others' pairs are made like them."""

    settings: EvaluationSettings
    split: Split
    pipeline: Pipeline
    candidates: Candidates

    @classmethod
    def of(cls, steps: Steps, settings: EvaluationSettings, dataset: Dataset) -> "_Ours":
        split = steps.run(
            split_stage,
            ratings=dataset.ratings,
            protocol=settings.splits_by,
            seed=settings.seed,
            keep=settings.keep,
            limit=settings.limit_users,
            window=None,
            given=read_held_out(steps, settings, dataset),
        )
        inputs = Inputs(ratings=split.train, users=split.users, new_items=split.new_items)
        pipeline = tuned(Pipeline.of(steps, settings, dataset, inputs))
        return cls(settings, split, pipeline, propose(pipeline))

    def orders(self, orders: Orders) -> Artifact:
        """What orders of others are worth on the head of the list that they were given."""
        base = self._recorded(orders.base, "their base order")
        return self.pipeline.steps.run(
            measure_orders_stage,
            base=base,
            judges={name: self._recorded(file, name) for name, file in orders.judges.items()},
            first=orders.first,
            ranked=self._ranked_with(base, orders.first),
            held_out=self._held_out(),
        )

    def ratings(self, ratings: Ratings) -> Artifact:
        """What ratings that others foretold say of which item somebody likes better."""
        file = file_given(self.settings, ratings.file)
        foretold = self.pipeline.steps.run(
            read_foretold_stage,
            file=file,
            fingerprint=fingerprint_of(file),
            judges=(*ratings.judges, *ratings.beside),
            split=self.split,
        )
        say(f"    {foretold.rows:,} held-out pairs with foretold ratings")
        models = self.candidates.models
        rates = next((name for name in models if model_class(name).estimates_ratings), None)
        return self.pipeline.steps.run(
            measure_ratings_stage,
            foretold=foretold,
            judges=ratings.judges,
            beside=ratings.beside,
            ranked=self._ranked_with(foretold),
            model=models[rates] if rates else None,
            split=self.split,
            seed=self.settings.seed,
        )

    def profiles(self, profiles: Profiles) -> Artifact:
        """What tastes in a model's words add to the head of our own lists."""
        pipeline, steps = self.pipeline, self.pipeline.steps
        file = file_given(self.settings, profiles.file)
        written = steps.run(
            typed_profiles_stage,
            file=file,
            fingerprint=fingerprint_of(file),
            ratings=pipeline.dataset.ratings,
        )
        texts = item_texts(pipeline)
        return steps.run(
            measure_profiles_stage,
            written=written,
            judge=profiles.judge,
            composed=prepare(pipeline).profiles,
            first=profiles.first,
            ranked=rank(pipeline, self.candidates).lists,
            texts=ItemTexts(texts=texts, vectors=vectors(pipeline, texts)),
            held_out=self._held_out(),
        )

    def _recorded(self, file: Path, judge: str) -> Artifact:
        pipeline = self.pipeline
        return read_judge(pipeline.steps, self.settings, pipeline.dataset, file, judge)

    def _ranked_with(self, pairs: Artifact, first: int | None = None) -> Artifact:
        """Our lists with these pairs among the candidates."""
        pipeline = self.pipeline
        beside = pipeline.steps.run(
            pairs_of_others_stage,
            pairs=pairs,
            users=self.split.users,
            items=pipeline.dataset.items,
            first=first,
        )
        return rank(pipeline, propose(pipeline, {"others": beside})).lists

    def _held_out(self) -> HeldOutOf:
        pipeline = self.pipeline
        return HeldOutOf(
            split=self.split,
            items=pipeline.dataset.items,
            counts=rating_counts(pipeline),
            relevant_at=pipeline.dataset.info.relevant_at,
            seed=self.settings.seed,
        )
