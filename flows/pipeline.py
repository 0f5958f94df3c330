"""What the steps from ratings to ranked lists share, and what they hand each other.

The steps are functions of a `Pipeline`, each in a file of its own: `candidates` proposes,
`similarity` judges, `learning` learns an order on `inner` splits, `ranking` makes the lists.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from tasks.cascade.stages import AskedHeads
from tasks.core.errors import TooLittleDataError
from tasks.core.protocols import PROTOCOLS
from tasks.core.steps import Steps
from tasks.core.vocabulary import Artifact, Dataset, ProtocolName, Record, Rules
from tasks.evaluation.splits.windows import Window
from tasks.evaluation.stages import shrinking_windows_stage, times_stage, windows_stage
from tasks.llm.options import EngineOptions
from tasks.models.registry import model_class
from tasks.models.stages import counts_stage
from tasks.night.state import Fitted
from tasks.settings.evaluation import EvaluationSettings
from tasks.settings.method import Method
from tasks.settings.settings import Settings
from tasks.texts.stages import texts_stage, vectors_stage

NIGHT_KEEP = 3
"""Train ratings that an inner `cold-user` split of a night leaves a test user."""

FEWEST_PEOPLE = 100
"""People whom each window needs, rating before it and in it, to learn from windows unasked."""


class Inputs(Record):
    """What lists are made from: train ratings, the users to serve, and typed tastes if any.

    `recorded`: somebody else's judgements, for the scorer of that name.
    `new_items`: the candidates are these, which nobody has rated, instead of a base model's;
    `most_new`: of these the ones nearest to each person's texts, so many, instead of all.
    `fitted`: what an earlier night learned, instead of learning anew; never for what is measured on
    held-out ratings, which it has seen. `held_out`: for the oracle of an evaluation alone.
    `everybody`: where `ratings` are only those of the people served, beside what is `fitted`, those
    of all others, which say what is known of items. `rules`: what lists leave out; nothing is
    learned or measured by them. `share`: what part of all ratings these are, where they are those
    of a sample of people, to learn from.
    """

    ratings: Artifact
    users: Artifact
    typed: Artifact | None = None
    recorded: Artifact | None = None
    new_items: Artifact | None = None
    most_new: int | None = None
    fitted: Fitted | None = None
    held_out: Artifact | None = None
    everybody: Artifact | None = None
    rules: Rules | None = None
    share: float | None = None

    @property
    def all_ratings(self) -> Artifact:
        """What says how many rated an item, and the like."""
        return self.everybody or self.ratings


class Candidates(Record):
    """Every user's candidates, and the base models that proposed them, by name."""

    pairs: Artifact
    models: dict[str, Artifact]


class Ranked(Record):
    """Every user's candidates, base and re-ranked.

    `degraded`: why they could not be scored. `fitted`: what was learned from ratings for them.
    Where heads are judged: `asked` of which, the `scores` that came, and how many did not.
    """

    lists: Artifact
    degraded: str | None = None
    fitted: Fitted
    asked: AskedHeads | None = None
    scores: Artifact | None = None
    unscored: int = 0


@dataclass(frozen=True)
class Pipeline:
    """The method, the data and the limits of one set of lists; sees the ratings in `inputs` alone.

    `depth`: the longest list that anybody looks at. `chunk` and `chunk_asking`: users per task,
    where this machine computes and where a model is asked. Inner splits hold ratings out by
    `inner_protocol`, of `inner_keep` kept ratings where that is `cold-user`; where it is `horizon`
    they are those of `windows`, the newest first. `this_year`: when the lists are for. `again`: the
    last night, where the model left things out that are to be asked for once more. `left_out`:
    sources that are too slow for so many ratings.
    """

    steps: Steps
    method: Method
    engine: EngineOptions
    dataset: Dataset
    inputs: Inputs
    seed: int
    top: int
    depth: int
    chunk: int
    chunk_asking: int
    inner_protocol: ProtocolName
    inner_keep: int
    windows: tuple[Window, ...]
    this_year: int
    again: str | None = None
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        steps: Steps,
        settings: Settings | EvaluationSettings,
        dataset: Dataset,
        inputs: Inputs,
        outer: Window | None = None,
    ) -> "Pipeline":
        """The pipeline of these settings; inner splits are parted as an evaluation's outer ones.

        `outer`: the window that an evaluation under `horizon` holds out.
        """
        if isinstance(settings, EvaluationSettings):
            longest, protocol, keep = max(settings.ks), settings.splits_by, settings.keep
            protocol = PROTOCOLS[protocol].inner or protocol
            before = outer and (outer.start, outer.days)
            windows = (
                inner_windows(steps, settings.method, inputs.ratings, *before, 1) if before else ()
            )
        else:
            longest, keep = settings.top, NIGHT_KEEP
            protocol, windows = _learned_on(steps, settings, inputs.all_ratings)
        if protocol == "temporal":
            found = steps.run(shrinking_windows_stage, ratings=inputs.ratings)
            protocol, windows = ("horizon", tuple(found)) if len(found) > 1 else (protocol, ())
        method = _affordable(settings.method, inputs)
        if PROTOCOLS[protocol].forward:
            chosen = {"model_options": method.forward_options(windows[0].days if windows else None)}
            method = method.model_copy(update=chosen)
        return cls(
            steps=steps,
            method=method,
            engine=settings.engine,
            dataset=dataset,
            inputs=inputs,
            seed=settings.seed,
            top=settings.top,
            depth=longest,
            chunk=settings.users_per_task(asking=False),
            chunk_asking=settings.users_per_task(asking=True),
            inner_protocol=protocol,
            inner_keep=keep,
            windows=windows,
            this_year=year_at(settings.known_until or (outer.start if outer else None)),
            left_out=tuple(set(settings.method.sources) - set(method.sources)),
        )

    @property
    def inner_splits(self) -> int:
        """How many there are."""
        return len(self.windows) or self.method.learn_splits

    @property
    def forward(self) -> bool:
        """Whether it learns to recommend for a time that comes after all it knows."""
        return PROTOCOLS[self.inner_protocol].forward

    @property
    def liked_from(self) -> float | None:
        """The rating from which a held-out item counts in inner splits; None: every one does."""
        liked = self.method.learn_target == "liked"
        return self.dataset.info.relevant_at if liked else None

    def chunk_for_asking(self, rows: int) -> int:
        """Users per task where a model is asked: all at once in batches, which may take a day."""
        return max(rows, 1) if self.engine.in_batches else self.chunk_asking

    @property
    def writes_tastes(self) -> bool:
        """Whether a language model writes what people like; own ratings are shown without."""
        method = self.method
        unread = self.engine.llm_ask == "ratings" and method.profile_writer is None
        return method.writer == "llm" and not unread

    def at(self, part: str) -> Self:
        """The same with another name of its part in the record."""
        return replace(self, steps=self.steps.at(part))


def _affordable(method: Method, inputs: Inputs) -> Method:
    """The method without sources that are too slow for so many ratings, or were not fitted then."""

    def serves(name: str) -> bool:
        kind = model_class(name)
        if name == method.model or kind.reads_texts:
            return True
        if inputs.fitted:
            return name in inputs.fitted.models
        return inputs.all_ratings.rows <= kind.most_ratings

    left = {name: count for name, count in method.sources.items() if serves(name)}
    return method if left == method.sources else method.model_copy(update={"sources": left})


def year_at(moment: int | None) -> int:
    """The year of a moment (seconds since 1970), of now without one."""
    when = datetime.now(UTC) if moment is None else datetime.fromtimestamp(moment, UTC)
    return when.year


def rating_counts(pipeline: Pipeline) -> Artifact:
    """How many train ratings each item has."""
    return pipeline.steps.run(counts_stage, ratings=pipeline.inputs.all_ratings)


def item_texts(pipeline: Pipeline) -> Artifact:
    """The text of every item."""
    dataset = pipeline.dataset
    ratings = pipeline.inputs.all_ratings
    return pipeline.steps.run(texts_stage, items=dataset.items, tags=dataset.tags, ratings=ratings)


def item_vectors(pipeline: Pipeline) -> Artifact:
    """Unit vectors of the texts of all items, in the order of their sorted ids."""
    return vectors(pipeline, item_texts(pipeline))


def vectors(pipeline: Pipeline, texts: Artifact) -> Artifact:
    """Unit vectors of these texts."""
    return pipeline.steps.chunks(vectors_stage, texts.rows, pipeline.chunk, texts=texts)


def _learned_on(
    steps: Steps, settings: Settings, ratings: Artifact
) -> tuple[ProtocolName, tuple[Window, ...]]:
    """How a night's inner splits hold ratings out, and the windows where that is `horizon`.

    Unless the settings say, the data decide. What they say is kept, however few the windows are.
    Raises TooLittleDataError where they say `horizon` of ratings that cannot be parted by time.
    """
    asked = settings.method.learn_protocol
    if asked not in {None, "horizon"}:
        return asked or "split", ()
    fewest = FEWEST_PEOPLE if asked is None else 1
    newest = settings.known_until, settings.horizon
    windows = inner_windows(steps, settings.method, ratings, *newest, fewest)
    if asked is None and len(windows) < settings.method.learn_windows:
        return "split", ()
    if not windows:
        refuse_useless_times(steps, ratings)
    return "horizon", windows


def refuse_useless_times(steps: Steps, ratings: Artifact) -> None:
    """Raise TooLittleDataError where nobody can say which ratings came before others."""
    problem = steps.run(times_stage, ratings=ratings)
    if problem:
        raise TooLittleDataError(*problem)


def inner_windows(
    steps: Steps, method: Method, ratings: Artifact, end: int | None, days: int | None, fewest: int
) -> tuple[Window, ...]:
    """The windows to learn on, of ratings before `end`, that so many people can be tested in."""
    return steps.run(
        windows_stage,
        ratings=ratings,
        end=end,
        days=days,
        count=method.learn_windows,
        fewest=fewest,
    )
