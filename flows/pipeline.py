"""From ratings to ranked lists: the stages that every flow shares, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prefect import Task

from tasks.errors import LlmDownError
from tasks.llm.judges import judge_name
from tasks.models import kept
from tasks.models.task import candidates_task, new_items_task, train_task
from tasks.profiles.task import join_profiles_task, profiles_task, write_tastes_task
from tasks.progress import say
from tasks.reranking.task import rerank_task
from tasks.scoring.registry import scorer_named
from tasks.scoring.task import join_scores_task, score_task, texts_task, unscored_task
from tasks.settings import Settings
from tasks.steps import Steps
from tasks.vocabulary import Artifact, Dataset, Record, RerankerName


class Inputs(Record):
    """What lists are made from: train ratings, the users to serve, and typed tastes if any.

    `new_items`: the candidates are these, which nobody has rated, instead of a base model's.
    `keep_model`: the base model may be the one kept from an earlier night, and is kept for later
    ones; never for what is measured on held-out ratings, which an earlier model has seen.
    """

    ratings: Artifact
    users: Artifact
    typed: Artifact | None = None
    new_items: Artifact | None = None
    keep_model: bool = False


class Candidates(Record):
    """Every user's candidates, and the base model that proposed them; new items have none."""

    pairs: Artifact
    model: Artifact | None


class Prepared(Record):
    """What a scorer is shown of people and items: profiles and texts."""

    profiles: Artifact
    texts: Artifact


class Ranked(Record):
    """Every user's candidates, base and re-ranked; in `degraded` why they could not be scored."""

    lists: Artifact
    degraded: str | None = None


@dataclass(frozen=True)
class Pipeline:
    """The stages for one set of inputs; `part` names it in the record. Sees `inputs` alone."""

    steps: Steps
    settings: Settings
    dataset: Dataset
    inputs: Inputs
    part: str = ""

    def rank(self) -> Ranked:
        """Every user's candidates, base and re-ranked.

        While the language model is down the re-ranked order is the base order, marked degraded.
        """
        candidates = self.propose().pairs
        try:
            return Ranked(lists=self.reorder(candidates, self.score(candidates)))
        except LlmDownError as down:
            say(f"    [red]degraded:[/] {down.what} The base lists stand in for the re-ranked.")
            lists = self.reorder(candidates, self.leave_unscored(candidates), rule="none")
            return Ranked(lists=lists, degraded=down.what)

    def propose(self) -> Candidates:
        """Every user's candidates: the base model's highest estimates, or all new items."""
        users, seed = self.inputs.users, self.settings.seed
        if self.inputs.new_items is not None:
            fresh = self._run(
                new_items_task, users=users, new_items=self.inputs.new_items, seed=seed
            )
            return Candidates(pairs=fresh, model=None)
        model = self._base_model()
        pairs = self._run(
            candidates_task,
            model=model,
            ratings=self.inputs.ratings,
            users=users,
            count=self.settings.candidate_count,
            seed=seed,
        )
        return Candidates(pairs=pairs, model=model)

    def prepare(self) -> Prepared:
        """Profiles (composed or typed, before a model rewrites them) and item texts."""
        ratings, items = self.inputs.ratings, self.dataset.items
        profiles = self._run(
            profiles_task,
            users=self.inputs.users,
            ratings=ratings,
            items=items,
            typed=self.inputs.typed,
            noun_plural=self.dataset.info.noun_plural,
            this_year=datetime.now(UTC).year,
        )
        texts = self._run(texts_task, items=items, tags=self.dataset.tags, ratings=ratings)
        return Prepared(profiles=profiles, texts=texts)

    def score(self, candidates: Artifact) -> Artifact:
        """The scorer's similarity of every candidate. Raises LlmError where none can be had."""
        settings, prepared = self.settings, self.prepare()
        profiles = self._write_tastes(prepared)
        shared = {
            "scorer": settings.scorer,
            "scorer_version": scorer_named(settings.scorer, settings.home, settings.llm).version,
            "options": settings.llm,
            "candidates": candidates,
            "profiles": profiles,
            "texts": prepared.texts,
            "scale": self.dataset.info.scale,
        }
        chunks = self._each_chunk(score_task, profiles.rows, shared)
        return self._run(join_scores_task, chunks=chunks)

    def leave_unscored(self, candidates: Artifact) -> Artifact:
        """Every candidate without a similarity."""
        return self._run(unscored_task, candidates=candidates)

    def reorder(
        self, candidates: Artifact, scores: Artifact, rule: RerankerName | None = None
    ) -> Artifact:
        """The candidates with all that is known of each, in the order of the rule."""
        return self._run(
            rerank_task,
            candidates=candidates,
            scores=scores,
            ratings=self.inputs.ratings,
            items=self.dataset.items,
            rule=rule or self.settings.reranker,
            weights=self.settings.weights,
            min_similarity=self.settings.min_similarity,
        )

    def _base_model(self) -> Artifact:
        """A model fitted on these ratings or, with --no-refit, the one kept from earlier."""
        settings, info = self.settings, self.dataset.info
        known = settings.home, info, settings.model, settings.seed
        if self.inputs.keep_model and not settings.refit:
            earlier = kept.last(*known)
            if earlier is not None:
                when = earlier.fitted_at_utc
                say(f"  train, {self.part}: not refitted, the model of {when} serves")
                return earlier.factors
        fitted = self._run(
            train_task,
            ratings=self.inputs.ratings,
            scale=info.scale,
            model=settings.model,
            model_options=settings.model_options.of(settings.model),
            seed=settings.seed,
        )
        earlier = kept.last(*known)
        if self.inputs.keep_model and (earlier is None or earlier.factors != fitted):
            now = datetime.now(UTC).isoformat(timespec="seconds")
            kept.keep(*known, kept.KeptModel(factors=fitted, fitted_at_utc=now))
        return fitted

    def _write_tastes(self, prepared: Prepared) -> Artifact:
        """The profiles in the language model's words, where that is wanted."""
        if self.settings.writer != "llm":
            return prepared.profiles
        shared = {
            "options": self.settings.llm,
            "judge": judge_name("profile", self.settings.llm),
            "profiles": prepared.profiles,
            "texts": prepared.texts,
            "typed": self.inputs.typed,
        }
        chunks = self._each_chunk(write_tastes_task, prepared.profiles.rows, shared)
        return self._run(join_profiles_task, chunks=chunks)

    def _each_chunk(
        self, stage: Task[..., Artifact], rows: int, shared: Mapping[str, object]
    ) -> list[Artifact]:
        """One task per chunk of users; a batch takes everybody at once: it may take a day."""
        size = rows if self.settings.scorer == "llm-batch" else self.settings.chunk_users
        spans = [(first, min(first + size, rows)) for first in range(0, rows, max(size, 1))]
        return self.steps.run_each(stage, self.part, [{**shared, "rows": span} for span in spans])

    def _run(self, stage: Task[..., Any], **parameters: Any) -> Artifact:  # noqa: ANN401
        made: Artifact = self.steps.run(stage, self.part, **parameters)
        return made
