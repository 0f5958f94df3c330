"""One new person: rated titles and a typed taste in, the base and the re-ranked list out."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.dataset import read_dataset
from flows.outcomes import Place, Recommendation
from flows.pipeline import Inputs, Pipeline, Ranked
from flows.ranking import make_lists
from flows.runner import on_its_runner
from flows.sentences import Sentences, write_sentences
from tasks.core.artifacts import read_table
from tasks.core.errors import NewcomerError
from tasks.core.steps import Steps
from tasks.core.vocabulary import BASE_RANK, ITEM, RANK, TITLE, WHY, YEAR, Artifact, Id
from tasks.data.newcomer import parse_rates
from tasks.data.stages import newcomer_stage
from tasks.settings.settings import Settings

FEWEST_RATED = 3


@dataclass(frozen=True)
class Person:
    """A new person's rated titles as they were understood, and their candidates in both orders."""

    pipeline: Pipeline
    rated: list[tuple[Id, float]]
    ranked: Ranked

    def read(self, artifact: Artifact) -> pl.DataFrame:
        """The rows of a file that was made for them."""
        return read_table(self.pipeline.steps.home, artifact)

    @property
    def items(self) -> pl.DataFrame:
        """The catalogue."""
        return self.read(self.pipeline.dataset.items)


@flow(name="recommend", task_runner=ThreadPoolTaskRunner(max_workers=2))  # type: ignore[arg-type]
@on_its_runner
def recommend(
    settings: Settings, rate: list[str] | None = None, taste: str | None = None
) -> Recommendation:
    """Recommend to somebody who is not in the data set; see `rank_for`."""
    person = rank_for(settings, rate, taste)
    sentences = Sentences()
    if settings.night.explain:
        sentences = write_sentences(person.pipeline, person.ranked.lists)
    labels, lists = _labels(person.items), person.read(person.ranked.lists)
    whys = person.read(sentences.whys).select(ITEM, WHY).rows() if sentences.whys else []
    return Recommendation(
        rated=[(labels[item], rating) for item, rating in person.rated],
        places=_places(lists, labels, dict(whys), settings.top),
        degraded=person.ranked.degraded,
        unexplained=sentences.note,
    )


def rank_for(settings: Settings, rate: list[str] | None, taste: str | None) -> Person:
    """Both lists of somebody who is not in the data set; runs inside a flow.

    `rate` holds "TITLE=RATING" texts, at least three unless there is a `taste`. The base model is
    trained with the person's ratings among everybody's; nothing is published. A language model,
    where one is named, settles titles that could mean several items.
    """
    steps = Steps(settings.home)
    taste = (taste or "").strip() or None
    dataset = read_dataset(steps, settings)
    items = read_table(settings.home, dataset.items)

    def choose(typed: str, labels: Sequence[str]) -> int | None:
        if not settings.llm.llm_model:
            return None
        from tasks.llm.asking import choose_label  # noqa: PLC0415 - loads openai and SQLAlchemy

        return choose_label(settings.home, settings.engine, typed, labels)

    rated = parse_rates(rate or [], items, dataset.info, choose)
    if len(rated) < FEWEST_RATED and not taste:
        raise NewcomerError(
            f"{len(rated)} rated titles are too few to know a taste by.",
            f'Rate at least {FEWEST_RATED} (--rate "TITLE=RATING"), or say it in words (--taste).',
        )
    person = steps.run(newcomer_stage, ratings=dataset.ratings, rated=rated, taste=taste)
    inputs = Inputs(ratings=person.ratings, users=person.users, typed=person.typed)
    pipeline = Pipeline.of(steps, settings, dataset, inputs)
    return Person(pipeline, rated, make_lists(pipeline))


def _labels(items: pl.DataFrame) -> dict[object, str]:
    return {
        item: f"{title} ({year})" if year else title
        for item, title, year in items.select(ITEM, TITLE, YEAR).iter_rows()
    }


def _places(
    ranked: pl.DataFrame, labels: dict[object, str], whys: dict[object, str], top: int
) -> list[Place]:
    base = ranked.sort(BASE_RANK)[ITEM].to_list()
    return [
        Place(
            rank=row[RANK],
            base=labels[base[row[RANK] - 1]],
            reranked=labels[row[ITEM]],
            estimate=row["estimate"],
            similarity=row["similarity"],
            why=whys.get(row[ITEM]),
        )
        for row in ranked.sort(RANK).head(top).iter_rows(named=True)
    ]
