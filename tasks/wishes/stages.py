"""Wishes as stages: candidates by words, their say in the order, and how much that weighs."""

from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import logit

from tasks.core.artifacts import read_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ESTIMATE,
    ITEM,
    RANK,
    RATING,
    REASONS,
    SCORE,
    TASTE_WEIGHT,
    TEXT,
    TIMESTAMP,
    USER,
    Artifact,
    Record,
)
from tasks.llm.options import EngineOptions
from tasks.llm.questions import WISH
from tasks.texts.embedder import Embedder
from tasks.wishes.asked import ReadWish, Shelves, WordInputs, read_terms
from tasks.wishes.index import index_of
from tasks.wishes.reading import cleaned
from tasks.wishes.reasons import reasons_of
from tasks.wishes.steering import TasteWeights, learned_weights, steered
from tasks.wishes.templates import template_wishes

MOST_PEOPLE = 300
"""People whose wishes are made up, at each number of ratings."""


@stage("index words", "4", "scipy")
def index_terms_stage(home: Path, texts: Artifact) -> Artifact:
    """The terms of every item's text, sorted by item."""
    made = index_of(read_table(home, texts).sort(ITEM)[TEXT].to_list())
    weights = made.weights
    arrays = {"data": weights.data, "indices": weights.indices, "indptr": weights.indptr}
    return write_arrays(
        home, "terms", len(made.terms), {"terms": made.terms, "idf": made.idf, **arrays}
    )


@stage("find who typed", "2")
def typists_stage(home: Path, users: Artifact, typed: Artifact) -> Artifact:
    """Those of the users who typed something that weighs something."""
    words = read_table(home, typed).filter(pl.col(TEXT) != "")
    if TASTE_WEIGHT in words.columns:
        words = words.filter(pl.col(TASTE_WEIGHT).fill_null(1.0) > 0)
    people = read_table(home, users).join(words, on=USER, how="semi").sort(USER)
    return write_table(home, "users", people)


@stage(
    "have wishes read", "1", not_in_key={"options"}, also=lambda given: WISH.judge(given["options"])
)
def read_by_model_stage(
    home: Path, users: Artifact, typed: Artifact, options: EngineOptions
) -> Artifact:
    """What these users typed, as the language model writes it anew for the rules to read.

    What it gives no valid answer to stays as it was typed.
    """
    from tasks.llm.asking import asker  # noqa: PLC0415 - loads openai and SQLAlchemy

    table = read_table(home, typed)
    mine = table.join(read_table(home, users), on=USER, how="semi", maintain_order="left")
    said = [cleaned(text) for text in mine[TEXT].to_list()]
    ask = asker(home, options)
    answers = ask(WISH.kind, said) if ask else [None] * len(said)
    read = [answer or text for answer, text in zip(answers, said, strict=True)]
    return write_table(home, "typed", mine.with_columns(pl.Series(TEXT, read, pl.String)))


@chunk_stage("find by words", "2", "numpy", also=lambda _: Embedder.version)
def word_candidates_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    typed: Artifact,
    ratings: Artifact,
    words: WordInputs,
    count: int,
) -> Artifact:
    """User, item, estimate, base_rank: what meets each user's words best, `count` unrated items."""
    shelves, lists = Shelves(home, words), []
    people = rows_of(home, users, rows)
    rated = theirs(home, ratings, people[USER])
    ids = shelves.items[ITEM]
    for user, answer in _answers(home, shelves, typed, people):
        if answer.met is None:
            continue
        scores = answer.met.scores.copy()
        scores[[shelves.places[i] for i in rated.filter(pl.col(USER) == user)[ITEM]]] = -np.inf
        best = np.argsort(-scores, kind="stable")[:count]
        best = best[np.isfinite(scores[best])]
        place = pl.Series(BASE_RANK, np.arange(1, len(best) + 1), pl.Int32)
        found = pl.DataFrame({ITEM: ids.gather(best), ESTIMATE: scores[best], BASE_RANK: place})
        lists.append(found.select(pl.lit(user, people.schema[USER]).alias(USER), pl.all()))
    kinds = {
        USER: people.schema[USER],
        ITEM: ids.dtype,
        ESTIMATE: pl.Float64(),
        BASE_RANK: pl.Int32(),
    }
    none = pl.DataFrame(schema=kinds)
    return write_table(home, "candidates", pl.concat([none, *lists]))


class Steering(Record):
    """How words steer: by `weight` for everybody, or by the `weights` learned where that is None.

    A person's own `taste_weight` comes before both. `probabilities`: whether scores are such.
    `explained`: of so many places it is said what they have to do with the words.
    """

    weights: TasteWeights
    weight: float | None
    probabilities: bool
    explained: int

    def weight_of(self, ratings: int) -> float:
        """That of a person with so many ratings."""
        return self.weights.of(ratings) if self.weight is None else self.weight


@chunk_stage("steer by words", "2", "numpy", also=lambda _: Embedder.version)
def steer_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    lists: Artifact,
    typed: Artifact,
    ratings: Artifact,
    words: WordInputs,
    how: Steering,
) -> Artifact:
    """The lists of these users in the order that their words have a say in; scores stay."""
    shelves = Shelves(home, words)
    people = rows_of(home, users, rows)
    ranked = theirs(home, lists, people[USER])
    known = theirs(home, ratings, people[USER]).group_by(USER).len()
    counts = dict(known.iter_rows())
    own = _own_weights(home, typed)
    made = []
    for user, answer in _answers(home, shelves, typed, people):
        mine = ranked.filter(pl.col(USER) == user)
        weight = own.get(user, how.weight_of(counts.get(user, 0)))
        if not counts.get(user, 0):
            mine = mine.with_columns(_of_nobody(pl.col(REASONS)).alias(REASONS))
        if answer.met is not None and mine.height and weight > 0:
            mine = _steered(mine, shelves, answer, weight, how)
        made.append(mine)
    return write_table(home, "ranked", pl.concat([ranked.clear(), *made]))


def _steered(
    mine: pl.DataFrame,
    shelves: Shelves,
    answer: ReadWish,
    weight: float,
    how: Steering,
) -> pl.DataFrame:
    met = answer.met
    if met is None:
        return mine
    places = np.array([shelves.places[item] for item in mine[ITEM].to_list()])
    by_words = met.scores[places]
    order = np.argsort(-steered(_scores(mine, how.probabilities), by_words, weight), kind="stable")
    listed = mine[order].with_columns(pl.Series(RANK, np.arange(1, len(order) + 1), pl.Int32))
    first = places[order[: how.explained]]
    asked = reasons_of(answer.wish, shelves, first) + [None] * (len(order) - len(first))
    said = pl.Series("asked", asked, pl.String)
    joined = pl.concat_str(said, pl.col(REASONS), separator="; ", ignore_nulls=True)
    both = pl.when(said.is_null() & pl.col(REASONS).is_null()).then(None).otherwise(joined)
    return listed.with_columns(both.alias(REASONS))


def _of_nobody(reasons: pl.Expr) -> pl.Expr:
    """Reasons without those that speak of what the person rated: they rated nothing."""
    kept = reasons.str.split("; ").list.filter(~pl.element().str.contains(r"\byou"))
    return pl.when(kept.list.len() > 0).then(kept.list.join("; "))


def _scores(mine: pl.DataFrame, probabilities: bool) -> np.ndarray:
    scores = mine[SCORE].to_numpy()
    return logit(np.clip(scores, 1e-9, 1 - 1e-9)) if probabilities else scores


def _answers(
    home: Path, shelves: Shelves, typed: Artifact, people: pl.DataFrame
) -> "list[tuple[object, ReadWish]]":
    said = people.select(USER).join(
        read_table(home, typed).select(USER, TEXT), on=USER, how="inner", maintain_order="left"
    )
    return list(zip(said[USER].to_list(), shelves.answers(said[TEXT].to_list()), strict=True))


def _own_weights(home: Path, typed: Artifact) -> dict[object, float]:
    table = read_table(home, typed)
    if TASTE_WEIGHT not in table.columns:
        return {}
    return dict(table.select(USER, TASTE_WEIGHT).drop_nulls().iter_rows())


class MadeUp(Record):
    """People with a made-up wish: who, what of their ratings is known, what they type, the hits."""

    users: Artifact
    ratings: Artifact
    typed: Artifact
    hits: Artifact


@stage("make up wishes", "3", "numpy")
def template_wishes_stage(
    home: Path,
    train: Artifact,
    held_out: Artifact,
    items: Artifact,
    terms: Artifact,
    known: int,
    relevant_at: float,
    seed: int,
) -> MadeUp:
    """Wishes of people with at least `known` train ratings, of whom the newest so many are kept."""
    ratings = read_table(home, train)
    counted = ratings.group_by(USER).len().filter(pl.col("len") >= known)[USER]
    liked = read_table(home, held_out).filter(pl.col(RATING) >= relevant_at).select(USER, ITEM)
    if known:
        liked = liked.filter(pl.col(USER).is_in(counted.implode()))
    people = liked[USER].unique().sort()
    drawn = np.random.default_rng(seed).permutation(len(people))[:MOST_PEOPLE]
    liked = liked.filter(pl.col(USER).is_in(people.gather(np.sort(drawn)).implode()))
    index, catalogue = read_terms(home, terms), read_table(home, items).sort(ITEM)
    typed, hits = template_wishes(liked, catalogue, index, seed)
    users = typed.select(USER).sort(USER)
    newest = ratings.join(users, on=USER, how="semi").sort(
        [USER, TIMESTAMP, ITEM], descending=[False, True, False], nulls_last=True
    )
    kept = newest.filter(pl.int_range(pl.len()).over(USER) < known).sort(USER, ITEM)
    return MadeUp(
        users=write_table(home, "users", users),
        ratings=write_table(home, "train", kept.select(ratings.columns)),
        typed=write_table(home, "typed", typed.sort(USER)),
        hits=write_table(home, "hits", hits.sort(USER, ITEM)),
    )


class Tried(Record):
    """The lists of people with a made-up wish of whom so many ratings were `known`."""

    known: int
    made_up: MadeUp
    lists: Artifact
    words: WordInputs


@stage("weigh words", "2", "numpy", also=lambda _: Embedder.version)
def weigh_words_stage(home: Path, tried: list[Tried], probabilities: bool) -> TasteWeights:
    """How much words weigh by how many ratings are known, learned from made-up wishes."""
    return learned_weights([(one.known, _people_of(home, one, probabilities)) for one in tried])


def _people_of(
    home: Path, tried: Tried, probabilities: bool
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    shelves = Shelves(home, tried.words)
    lists, hits = read_table(home, tried.lists), read_table(home, tried.made_up.hits)
    marked = lists.join(
        hits.with_columns(pl.lit(True).alias("hit")),
        on=[USER, ITEM],
        how="left",
        maintain_order="left",
    ).with_columns(pl.col("hit").fill_null(False))
    people = []
    for user, answer in _answers(
        home, shelves, tried.made_up.typed, read_table(home, tried.made_up.users)
    ):
        mine = marked.filter(pl.col(USER) == user)
        if answer.met is None or not mine["hit"].any():
            continue
        places = np.array([shelves.places[item] for item in mine[ITEM].to_list()])
        scores = _scores(mine, probabilities)
        people.append((scores, answer.met.scores[places], mine["hit"].to_numpy()))
    return people
