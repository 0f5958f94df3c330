"""From ratings to ranked lists: the stages that every flow shares, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from prefect import Task

from flows.learning import learned_order
from flows.proposing import propose
from flows.records import Candidates, Inputs, Prepared, Ranked
from flows.scoring import score
from flows.tuning import tuned
from tasks.core.errors import LlmDownError
from tasks.core.progress import say
from tasks.core.stage import Steps
from tasks.core.vocabulary import Artifact, Dataset, RuleName
from tasks.features.similarity.stages import texts_task, unscored_task
from tasks.llm.questions import PROFILE
from tasks.models.stages import counts_task
from tasks.night.state import Fitted
from tasks.ranking.stages import (
    diversify_task,
    explain_task,
    gather_lists_task,
    rerank_task,
    shown_task,
)
from tasks.settings.run import Settings
from tasks.texts.embedder import Embedder
from tasks.texts.profiles.stages import gather_profiles_task, profiles_task, write_tastes_task


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
        chosen = tuned(self)
        found = chosen.propose()
        try:
            if self.settings.reranker == "learned":
                ranked = learned_order(chosen, found)
                return ranked.model_copy(update={"lists": self.explain(ranked.lists)})
            lists = self.reorder(found.pairs, self.score(found.pairs))
            return Ranked(lists=self.diversify(lists), fitted=chosen.fitted(found))
        except LlmDownError as down:
            say(f"    [red]degraded:[/] {down.what} The base lists stand in for the re-ranked.")
            lists = self.base_lists(found)
            return Ranked(lists=lists, degraded=down.what, fitted=chosen.fitted(found))

    def base_lists(self, found: Candidates) -> Artifact:
        """Every user's candidates in the order of the base model, without similarities."""
        return self.reorder(found.pairs, self.leave_unscored(found.pairs), rule="none")

    @property
    def liked_from(self) -> float | None:
        """The rating from which a held-out item counts in inner splits; None: every one does."""
        liked = self.settings.learn_target == "liked"
        return self.dataset.info.relevant_at if liked else None

    def propose(self) -> Candidates:
        """Every user's candidates, and the base models that proposed them."""
        return propose(self)

    def fitted(self, found: Candidates) -> Fitted:
        """What was learned from ratings for these candidates, tonight or on an earlier night."""
        models = {name: model for name, model in found.models.items() if name != "text"}
        made = Fitted(options=self.settings.model_options, models=models)
        return self.inputs.fitted or made

    def prepare(self) -> Prepared:
        """Profiles (composed or typed, before a model rewrites them) and item texts."""
        shared = {
            "users": self.inputs.users,
            "ratings": self.inputs.ratings,
            "items": self.dataset.items,
            "typed": self.inputs.typed,
            "noun_plural": self.dataset.info.noun_plural,
            "this_year": datetime.now(UTC).year,
            "style": self.settings.profile_style,
        }
        people = self.inputs.users.rows
        profiles = self.in_chunks(profiles_task, gather_profiles_task, people, shared)
        return Prepared(profiles=profiles, texts=self.texts())

    def texts(self) -> Artifact:
        """The text of every item."""
        ratings, items = self.inputs.ratings, self.dataset.items
        return self.run(texts_task, items=items, tags=self.dataset.tags, ratings=ratings)

    def counts(self) -> Artifact:
        """How many train ratings each item has."""
        return self.run(counts_task, ratings=self.inputs.ratings)

    def explain(self, lists: Artifact) -> Artifact:
        """The lists with a similarity for what they show, where the order did not need any."""
        shown = self.run(shown_task, lists=lists, top=self.settings.top)
        return self.run(explain_task, lists=lists, scores=self.score(shown))

    def score(self, candidates: Artifact) -> Artifact:
        """The scorer's similarity of every candidate. Raises LlmError where none can be had."""
        return score(self, candidates)

    def leave_unscored(self, candidates: Artifact) -> Artifact:
        """Every candidate without a similarity."""
        return self.run(unscored_task, candidates=candidates)

    def reorder(
        self, candidates: Artifact, scores: Artifact, rule: RuleName | None = None
    ) -> Artifact:
        """The candidates with all that is known of each, in the order of the rule."""
        shared = {
            "candidates": candidates,
            "scores": scores,
            "ratings": self.inputs.ratings,
            "counts": self.counts(),
            "items": self.dataset.items,
            "users": self.inputs.users,
            "rule": rule or cast("RuleName", self.settings.reranker),
            "weights": self.settings.weights,
            "min_similarity": self.settings.min_similarity,
        }
        return self.in_chunks(rerank_task, gather_lists_task, self.inputs.users.rows, shared)

    def diversify(self, lists: Artifact) -> Artifact:
        """The re-ranked lists with as diverse a head as is wanted; base ranks stay."""
        if not self.settings.diversity:
            return lists
        return self.run(
            diversify_task,
            lists=lists,
            texts=self.texts(),
            embedder=Embedder.version,
            diversity=self.settings.diversity,
            places=self.settings.longest,
        )

    def with_tastes(self, prepared: Prepared) -> Prepared:
        """The same with profiles in the language model's words, where that is wanted."""
        if self.settings.writer != "llm":
            return prepared
        shared = {
            "options": self.settings.llm,
            "judge": PROFILE.judge(self.settings.llm),
            "profiles": prepared.profiles,
            "texts": prepared.texts,
            "typed": self.inputs.typed,
        }
        people = prepared.profiles.rows
        profiles = self.in_chunks(
            write_tastes_task, gather_profiles_task, people, shared, asking=True
        )
        return Prepared(profiles=profiles, texts=prepared.texts)

    def in_chunks(
        self,
        stage: Task[..., Artifact],
        gather: Task[..., Artifact],
        rows: int,
        shared: Mapping[str, object],
        *,
        asking: bool = False,
    ) -> Artifact:
        """One task per chunk of these rows, put together by `gather` where there are several.

        Where a model is asked in batches all rows are one chunk: a batch may take a day, however
        much is in it.
        """
        at_once = asking and self.settings.scorer == "llm-batch"
        size = max(rows, 1) if at_once else self.settings.users_per_task(asking=asking)
        spans = [(first, min(first + size, rows)) for first in range(0, max(rows, 1), size)]
        calls = [{**shared, "rows": span} for span in spans]
        chunks = self.steps.run_each(stage, self.part, calls)
        return self.run(gather, chunks=chunks) if len(chunks) > 1 else chunks[0]

    def run(self, stage: Task[..., Any], **parameters: Any) -> Artifact:  # noqa: ANN401
        """Run one task as a stage of this pipeline."""
        made: Artifact = self.steps.run(stage, self.part, **parameters)
        return made
