"""Tastes in words held against the items that fit them: whether lists follow what people say."""

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.errors import BadDataError
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, RANK, TEXT, TITLE, USER, Artifact, Id, Record
from tasks.data.newcomer import new_ids, ratings_of
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import text_vectors
from tasks.wishes.asked import Shelves, WordInputs
from tasks.wishes.scoring import z

NOTHING, UNFITTING, SOMEBODY = "no ratings", "three unfitting ratings", "ratings of a user"
BEST_KNOWN = 50
"""Unfitting ratings are of items among so many best known."""
UNFITTING_RATINGS = 3
DRAWS = 5
"""How often unfitting ratings, and users of the data, are drawn for each taste."""
PLACES = 10

TASTE, SITUATION = "taste", "situation"


class WishedFor(Record):
    """A taste, and the items of the data set that fit it."""

    taste: str
    items: tuple[Id, ...]


class WishingPeople(Record):
    """People with a taste each: `asks` (user, taste, situation), and what their lists are made of.

    `typed` is what they type, `ratings` are theirs alone.
    """

    asks: Artifact
    users: Artifact
    ratings: Artifact
    typed: Artifact


def read_wishes(file: Path, items: pl.DataFrame) -> list[WishedFor]:
    """The file's tastes; ids may be of another type than the data set's.

    Raises BadDataError for what is no such list, and for a taste that no item of the data set fits.
    """
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        given = [(str(row["taste"]), _ids(row["items"])) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadDataError(
            file,
            f"it is not a list of tastes ({type(error).__name__})",
            'Write a JSON list of {"taste": TEXT, "items": [ids]}.',
        ) from error
    known = {str(item): item for item in items[ITEM].to_list()}
    tastes = [taste for taste, _ in given]
    for number, taste in enumerate(tastes, start=1):
        if not taste.strip() or taste in tastes[: number - 1]:
            problem = "is empty" if not taste.strip() else "stands there twice"
            raise BadDataError(file, f"taste {number} {problem}", "Take it out.")
    made = []
    for number, (taste, ids) in enumerate(given, start=1):
        fitting = tuple(known[item] for item in sorted(ids & known.keys()))
        if not fitting:
            raise BadDataError(
                file,
                f"no item of the data set fits taste {number}, '{taste[:60]}'",
                "Check --data, and that the ids are the data set's.",
            )
        made.append(WishedFor(taste=taste, items=fitting))
    if not made:
        raise BadDataError(file, "it holds no taste", "Add some.")
    return made


def _ids(given: object) -> set[str]:
    if not isinstance(given, list):
        raise TypeError("items are no list")
    return {str(item) for item in given}


@stage("draw wishing people", "1", "numpy", role="figures")
def wishing_people_stage(
    home: Path, ratings: Artifact, counts: Artifact, wishes: list[WishedFor], high: float, seed: int
) -> WishingPeople:
    """For each taste somebody without ratings, and with three unfitting ones or a user's, drawn.

    Unfitting ratings, as `high` as the scale goes, are of items among the 50 best known.
    """
    everybody = read_table(home, ratings)
    best = read_table(home, counts).sort("count", ITEM, descending=[True, False])
    known = best[ITEM].head(BEST_KNOWN).to_list()
    users = everybody[USER].unique().sort()
    rng = np.random.default_rng(seed)
    ids = iter(new_ids(everybody[USER], len(wishes) * (1 + 2 * DRAWS)))
    asks, tables = [], [everybody.clear()]
    for wish in wishes:
        asks.append((next(ids), wish.taste, NOTHING))
        others = [item for item in known if item not in set(wish.items)]
        for _ in range(DRAWS):
            user = next(ids)
            drawn = rng.choice(len(others), min(UNFITTING_RATINGS, len(others)), replace=False)
            rated = [(others[at], high) for at in drawn.tolist()]
            tables.append(ratings_of([user], rated, everybody.schema))
            asks.append((user, wish.taste, UNFITTING))
        for _ in range(DRAWS):
            user, like = next(ids), users[int(rng.integers(len(users)))]
            own = everybody.filter(pl.col(USER) == like)
            tables.append(own.with_columns(pl.lit(user, own.schema[USER]).alias(USER)))
            asks.append((user, wish.taste, SOMEBODY))
    kinds = {USER: everybody.schema[USER], TASTE: pl.String(), SITUATION: pl.String()}
    asked = pl.DataFrame(asks, kinds, orient="row").sort(USER)
    return WishingPeople(
        asks=write_table(home, "asks", asked),
        users=write_table(home, "users", asked.select(USER)),
        ratings=write_table(home, "train", pl.concat(tables).sort(USER, ITEM)),
        typed=write_table(home, "typed", asked.select(USER, pl.col(TASTE).alias(TEXT))),
    )


@stage("measure wishes", "2", role="figures", also=lambda _: Embedder.version)
def measure_wishes_stage(
    home: Path,
    wishes: list[WishedFor],
    people: WishingPeople,
    with_words: Artifact,
    without_words: Artifact,
    counts: Artifact,
    words: WordInputs,
) -> Artifact:
    """A row per person: taste, situation, fit, steer (shares of the ten), known (median ratings).

    `fit_without` is the share of ten that fit in the list that is made without words, and
    `fit_simple` that in the simplest list by words: see `_simple`. What somebody has rated is in
    none of their lists.
    """
    asks, shelves = read_table(home, people.asks), Shelves(home, words)
    rated = read_table(home, people.ratings).group_by(USER).agg(ITEM)
    seen: dict[Id, list[Id]] = dict(rated.iter_rows())
    simple = {wish.taste: _simple(home, shelves, wish.taste) for wish in wishes}
    often = dict(read_table(home, counts).select(ITEM, "count").iter_rows())
    fits = {wish.taste: set(wish.items) for wish in wishes}
    lists, plain = _first(home, with_words), _first(home, without_words)
    rows = []
    for user, taste, situation in asks.iter_rows():
        mine, theirs = lists.get(user, []), plain.get(user, [])
        rows.append(
            {
                USER: user,
                TASTE: taste,
                SITUATION: situation,
                "fit": _share(mine, fits[taste]),
                "fit_without": _share(theirs, fits[taste]),
                "fit_simple": _share(_unseen(simple[taste], seen.get(user, [])), fits[taste]),
                "steer": _share(mine, set(mine) - set(theirs)),
                "known": float(np.median([often.get(item, 0) for item in mine] or [0])),
            }
        )
    return write_table(home, "wishes", pl.DataFrame(rows))


def _simple(home: Path, shelves: Shelves, taste: str) -> list[Id]:
    """All items by z(cosine of text and taste) + .6 z(log ratings): a strong rival in one line."""
    (vector,) = text_vectors(home, [taste])
    catalogue = shelves.catalogue
    near = z(catalogue.vectors @ vector) + 0.6 * z(np.log1p(catalogue.counts))
    items: list[Id] = shelves.items[ITEM].gather(np.argsort(-near, kind="stable")).to_list()
    return items


def _unseen(items: list[Id], seen: list[Id]) -> list[Id]:
    known = set(seen)
    return list(islice((item for item in items if item not in known), PLACES))


def _first(home: Path, lists: Artifact) -> dict[Id, list[Id]]:
    ranked = read_table(home, lists).filter(pl.col(RANK) <= PLACES).sort(USER, RANK)
    return dict(ranked.group_by(USER, maintain_order=True).agg(ITEM).iter_rows())


def _share(items: list[Id], wanted: Iterable[Id]) -> float:
    chosen = set(wanted)
    return sum(item in chosen for item in items) / PLACES


def example_lists(
    asks: pl.DataFrame, with_words: pl.DataFrame, without_words: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """Both lists of the first person in each situation of each taste, with titles."""
    first = asks.group_by(TASTE, SITUATION, maintain_order=True).first()
    made = []
    for name, lists in (("with words", with_words), ("without words", without_words)):
        shown = lists.filter(pl.col(RANK) <= PLACES).join(first, on=USER)
        made.append(shown.select(TASTE, SITUATION, pl.lit(name).alias("list"), RANK, ITEM))
    titled = pl.concat(made).join(items.select(ITEM, TITLE, "year"), on=ITEM, how="left")
    return titled.with_columns(pl.col(ITEM).cast(pl.String)).sort(TASTE, SITUATION, "list", RANK)
