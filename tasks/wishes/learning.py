"""How much words weigh, learned from made-up wishes, as stages."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, RATING, SCORE, TIMESTAMP, USER, Artifact, Record
from tasks.texts.embedder import Embedder
from tasks.wishes.asked import Shelves, WordInputs, read_terms
from tasks.wishes.steering import TasteWeights, as_logits, learned_weights
from tasks.wishes.templates import template_wishes

MOST_PEOPLE = 300
"""People whose wishes are made up, at each number of ratings."""


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
    for user, answer in shelves.of_people(
        tried.made_up.typed, read_table(home, tried.made_up.users)
    ):
        mine = marked.filter(pl.col(USER) == user)
        if answer.met is None or not mine["hit"].any():
            continue
        places = np.array([shelves.places[item] for item in mine[ITEM].to_list()])
        scores = as_logits(mine[SCORE], probabilities)
        people.append((scores, answer.met.scores[places], mine["hit"].to_numpy()))
    return people
