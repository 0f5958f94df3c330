"""Wishes as stages: candidates by words, and their say in the order."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ESTIMATE,
    ITEM,
    RANK,
    REASONS,
    SCORE,
    TASTE_WEIGHT,
    TEXT,
    USER,
    Artifact,
    Record,
    Rules,
)
from tasks.data.rules import allowed, with_pairs
from tasks.llm.options import EngineOptions
from tasks.llm.questions import WISH
from tasks.texts.embedder import Embedder
from tasks.wishes.asked import ReadWish, Shelves, WordInputs
from tasks.wishes.index import index_of
from tasks.wishes.reading import cleaned
from tasks.wishes.reasons import reasons_of
from tasks.wishes.steering import TasteWeights, as_logits, steered


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


@chunk_stage(
    "find by words",
    "2",
    "numpy",
    also=lambda _: Embedder.version,
    counts_if_given={"rules"},
)
def word_candidates_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    typed: Artifact,
    ratings: Artifact,
    words: WordInputs,
    count: int,
    rules: Rules | None = None,
) -> Artifact:
    """User, item, estimate, base_rank: what meets each user's words best, `count` unrated items.

    Of those that the rules allow.
    """
    shelves, lists = Shelves(home, words), []
    people = rows_of(home, users, rows)
    out = with_pairs(home, rules, theirs(home, ratings, people[USER]), people[USER])
    ids = shelves.items[ITEM]
    is_off = ~ids.is_in(allowed(home, rules, ids).implode()).to_numpy()
    for user, answer in shelves.of_people(typed, people):
        if answer.met is None:
            continue
        scores = answer.met.scores.copy()
        mine = out.filter(pl.col(USER) == user)[ITEM]
        scores[[shelves.places[item] for item in mine if item in shelves.places]] = -np.inf
        scores[is_off] = -np.inf
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
    for user, answer in shelves.of_people(typed, people):
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
    scores = as_logits(mine[SCORE], how.probabilities)
    order = np.argsort(-steered(scores, met.scores[places], weight), kind="stable")
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


def _own_weights(home: Path, typed: Artifact) -> dict[object, float]:
    table = read_table(home, typed)
    if TASTE_WEIGHT not in table.columns:
        return {}
    return dict(table.select(USER, TASTE_WEIGHT).drop_nulls().iter_rows())
