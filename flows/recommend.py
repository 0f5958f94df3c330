"""Lists for one person: rated titles and tastes in words in, a list for each taste out.

No server is started and nothing is published: stages run as functions, on what a night or an
earlier answer left in the home. Where there is nothing yet, the first answer learns it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from flows.dataset import read_with_rules
from flows.lists import fit, make_lists
from flows.outcomes import Place, Recommendation, TasteList
from flows.pipeline import Inputs, Pipeline, Ranked, rating_counts
from flows.sentences import Sentences, write_sentences
from flows.wishes import lists_by_words, understood, word_inputs
from tasks.core.artifacts import read_table
from tasks.core.direct_steps import DirectSteps
from tasks.core.errors import LlmDownError, NewcomerError, TooLittleDataError
from tasks.core.vocabulary import (
    BASE_RANK,
    GENRES,
    ITEM,
    RANK,
    REASONS,
    TEXT,
    TITLE,
    USER,
    WHY,
    YEAR,
    Artifact,
    Dataset,
    Id,
    Record,
    Rules,
)
from tasks.data.finding import KnownTitles
from tasks.data.newcomer import parse_rates
from tasks.data.rule_stages import people_rules_stage
from tasks.data.stages import people_stage
from tasks.models.stages import choose_users_stage
from tasks.night.state import Fitted
from tasks.settings.method import Method
from tasks.settings.settings import Settings
from tasks.settings.sources import method_of
from tasks.wishes.asked import Shelves
from tasks.wishes.notes import notes_of

FEWEST_RATED = 3
PATIENCE_SECONDS = 20.0
"""For a language model that does not answer: somebody waits for the list."""


class PersonAsks(Record):
    """What somebody asks: "TITLE=RATING" texts, and tastes in their words.

    `user`: the id of somebody in the data set, whose ratings count too.
    """

    rate: tuple[str, ...] = ()
    tastes: tuple[str, ...] = ()
    user: str | None = None


@dataclass(frozen=True)
class Person:
    """A person's rated titles as they were understood, and their candidates in both orders.

    `users`: the ids that stand for the person, one for each taste, in the order of the tastes.
    """

    pipeline: Pipeline
    rated: list[tuple[Id, float]]
    users: list[Id]
    ranked: Ranked
    plain: str | None

    def read(self, artifact: Artifact) -> pl.DataFrame:
        """The rows of a file that was made for them."""
        return read_table(self.pipeline.steps.home, artifact)

    @property
    def items(self) -> pl.DataFrame:
        """The catalogue."""
        return self.read(self.pipeline.dataset.items)


def recommend(settings: Settings, question: PersonAsks) -> Recommendation:
    """The lists of somebody; see `rank_for`."""
    person = rank_for(settings, question)
    sentences = Sentences()
    if settings.night.explain:
        sentences = write_sentences(person.pipeline, person.ranked.lists)
    labels = _labels(person.items)
    return Recommendation(
        rated=[(labels[item], rating) for item, rating in person.rated],
        lists=_lists(person, question.tastes, sentences, settings.top),
        degraded=person.ranked.degraded,
        unexplained=sentences.note,
        plain=person.plain,
    )


def rank_for(settings: Settings, question: PersonAsks) -> Person:
    """Everything that a person's lists are made of.

    At least three titles are rated unless there is a taste or a `user`. A language model, where one
    is named, settles titles that could mean several items. Where the best method, unchanged, has
    too little to learn from, a plain one serves.
    """
    steps = DirectSteps(settings.home)
    patience = min(settings.llm.llm_patience, PATIENCE_SECONDS)
    llm = settings.llm.model_copy(update={"llm_patience": patience})
    settings = settings.model_copy(update={"llm": llm})
    dataset, rules = read_with_rules(steps, settings)
    tastes = [taste for taste in question.tastes if taste.strip()]
    if not tastes and question.user is None and len(question.rate) < FEWEST_RATED:
        raise NewcomerError(
            f"{len(question.rate)} rated titles are too few to know a taste by.",
            f'Rate at least {FEWEST_RATED} (--rate "TITLE=RATING"), or say it in words (--taste).',
        )
    try:
        return _answered(steps, settings, dataset, rules, question, tastes)
    except TooLittleDataError as error:
        if settings.method != Method.model_validate(method_of("best")):
            raise
        note = f"Too little to learn from: {error.what} A plain method served instead."
        plain = settings.model_copy(
            update={"method": Method(taste_weight=settings.method.taste_weight)}
        )
        return _answered(steps, plain, dataset, rules, question, tastes, note)


def _answered(
    steps: DirectSteps,
    settings: Settings,
    dataset: Dataset,
    rules: Rules | None,
    question: PersonAsks,
    tastes: Sequence[str],
    plain: str | None = None,
) -> Person:
    try:
        ready, fitted = prepared(steps, settings, dataset)
    except LlmDownError as down:
        method = settings.method.model_copy(update={"scorer": "embedded"})
        silent = settings.model_copy(update={"method": method})
        told = f"{down.what} The list is made without the model."
        return _answered(steps, silent, dataset, rules, question, tastes, told)
    if fitted.cascade:
        unmeasured = fitted.cascade.unmeasured(always=settings.llm.llm_always)
        plain = " ".join(filter(None, [plain, unmeasured])) or None
    rated = _understood(settings, ready, question.rate)
    person = steps.run(
        people_stage,
        ratings=dataset.ratings,
        like=question.user,
        rated=rated,
        tastes=list(tastes),
    )
    inputs = Inputs(
        ratings=person.ratings,
        users=person.users,
        typed=person.typed,
        fitted=fitted,
        everybody=dataset.ratings,
        rules=rules
        and steps.run(people_rules_stage, rules=rules, like=question.user, people=person),
    )
    pipeline = Pipeline.of(steps, settings, dataset, inputs)
    by_words = person.typed is not None and pipeline.method.steers
    ranked = lists_by_words(pipeline) if by_words else make_lists(pipeline)
    return Person(pipeline, rated, person.ids, ranked, plain)


def prepared(steps: DirectSteps, settings: Settings, dataset: Dataset) -> tuple[Pipeline, Fitted]:
    """The pipeline of everybody, and what it learns; kept from a night or an earlier answer."""
    users = steps.run(
        choose_users_stage, ratings=dataset.ratings, limit=settings.limit_users, seed=settings.seed
    )
    inputs = Inputs(ratings=dataset.ratings, users=users)
    pipeline = Pipeline.of(steps, settings, dataset, inputs)
    return pipeline, fit(pipeline)


def _understood(
    settings: Settings, pipeline: Pipeline, rates: Sequence[str]
) -> list[tuple[Id, float]]:
    if not rates:
        return []

    def choose(typed: str, labels: Sequence[str]) -> int | None:
        if not settings.llm.llm_model:
            return None
        from tasks.llm.asking import choose_label  # noqa: PLC0415 - loads openai and SQLAlchemy

        return choose_label(settings.home, settings.engine, typed, labels)

    items = read_table(settings.home, pipeline.dataset.items)
    counts = read_table(settings.home, rating_counts(pipeline))
    return parse_rates(rates, KnownTitles.of(items, counts), pipeline.dataset.info, choose)


def _labels(items: pl.DataFrame) -> dict[Id, str]:
    return {
        item: f"{title} ({year})" if year else title
        for item, title, year in items.select(ITEM, TITLE, YEAR).iter_rows()
    }


def _lists(
    person: Person, tastes: Sequence[str], sentences: Sentences, top: int
) -> list[TasteList]:
    ranked = person.read(person.ranked.lists)
    if sentences.whys:
        whys = person.read(sentences.whys).select(USER, ITEM, WHY)
        ranked = ranked.join(whys, on=[USER, ITEM], how="left", maintain_order="left")
        ranked = ranked.with_columns(pl.coalesce(WHY, REASONS).alias(REASONS))
    titled = ranked.join(
        person.items.select(ITEM, TITLE, YEAR, GENRES), on=ITEM, how="left", maintain_order="left"
    )
    said = [taste for taste in tastes if taste.strip()]
    notes = _notes(person, said)
    silent = ["An empty taste says nothing: it has no list of its own."] * (len(said) < len(tastes))
    made = []
    for place, user in enumerate(person.users):
        mine = titled.filter(pl.col(USER) == user)
        taste = said[place] if said else None
        weight, told = notes[place] if said else (0.0, [])
        short = _short(person, mine.height, top)
        made.append(
            TasteList(
                taste=taste,
                weight=weight,
                notes=told + silent + short,
                items=_places(mine.sort(RANK).head(top), RANK),
                base=_places(mine.sort(BASE_RANK).head(top), BASE_RANK),
            )
        )
    return made


def _short(person: Person, found: int, top: int) -> list[str]:
    if person.pipeline.inputs.rules is None or found >= top:
        return []
    return [f"{found} of {top} places are filled: the rules leave out other items."]


def _places(rows: pl.DataFrame, rank: str) -> list[Place]:
    return [
        Place(
            rank=row[rank],
            item=row[ITEM],
            title=row[TITLE],
            year=row[YEAR],
            genres=(row[GENRES] or "").replace("|", ", "),
            why=row[REASONS],
        )
        for row in rows.iter_rows(named=True)
    ]


def _notes(person: Person, tastes: Sequence[str]) -> list[tuple[float, list[str]]]:
    """How much the words of each taste weigh, and what is to be said of them."""
    pipeline = person.pipeline
    if not tastes or not pipeline.method.steers:
        return [(0.0, [])] * len(tastes)
    weights = pipeline.inputs.fitted and pipeline.inputs.fitted.words
    shelves = Shelves(pipeline.steps.home, word_inputs(pipeline))
    by_rules: list[str] = []
    if pipeline.inputs.typed is not None:
        written, down = understood(pipeline, pipeline.inputs.typed)
        read = dict(person.read(written).select(USER, TEXT).iter_rows())
        tastes, by_rules = [read[user] for user in person.users], [down] if down else []
    rated = person.read(pipeline.inputs.ratings).filter(pl.col(USER) == person.users[0]).height
    given = pipeline.method.taste_weight
    learned = weights.of(rated) if weights else 0.0
    weight = learned if given is None else given
    answers = shelves.answers(tastes)
    return [(weight, by_rules + notes_of(answer, shelves)) for answer in answers]
