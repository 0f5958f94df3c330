"""Small random data with every gap that real data has, and the naive view that loops are run on."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

from tasks.features import table as _every_feature  # noqa: F401 - enters them
from tasks.features.facts import facts_of
from tasks.features.item_facts import item_facts
from tasks.features.registry import FEATURES

GENRES = ("Crime", "Drama", "Farce", "Noir")
WIDTH = 5
SECONDS_PER_YEAR = 31_557_600
FIRST_DAY = 1_100_000_000
TEN_YEARS = 315_000_000

USERS = range(1, 9)
SILENT = 8
"""The last user rated nothing but has pairs; the second rated but has none."""
UNASKED = 2
ITEMS = range(10, 150, 10)
UNRATED = (140,)


@dataclass(frozen=True, repr=False, eq=False)
class Small:
    """Train ratings, a catalogue in no order, pairs in no order, and the items' vectors by id."""

    train: pl.DataFrame
    items: pl.DataFrame
    pairs: pl.DataFrame
    vector: dict[Any, Any]
    name: str

    def __str__(self):
        return self.name

    def facts(self, models=None):
        """What a feature is given."""
        all_ratings = item_facts(self.train, self.items, closeness=True, nexts=True)
        return facts_of(self.train, self.items, self.pairs, all_ratings, self.vectors, models or {})

    @property
    def vectors(self):
        """The items' vectors in the order of their sorted ids."""
        return np.stack([self.vector[item] for item in sorted(self.vector)])

    def naive(self):
        return Naive(self)


class Naive:
    """The same as plain dictionaries, for loops over pairs."""

    def __init__(self, small):
        self.rated: Any = defaultdict(dict)
        self.when: Any = defaultdict(dict)
        for user, item, rating, stamp in small.train.rows():
            self.rated[user][item] = rating
            self.when[user][item] = None if stamp is None else stamp / SECONDS_PER_YEAR
        self.every = [
            (user, item, rating)
            for user, theirs in self.rated.items()
            for item, rating in theirs.items()
        ]
        self.item = {row["item"]: row for row in small.items.iter_rows(named=True)}
        self.vector = small.vector

    def timed(self):
        return all(when is not None for theirs in self.when.values() for when in theirs.values())


def small(seed, ids="whole numbers", timed=True):
    """8 users and 14 items: without ratings, genres, years, or with years off the calendar."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in USERS:
        if user == SILENT:
            continue
        for item in rng.choice([i for i in ITEMS if i not in UNRATED], rng.integers(1, 9), False):
            rating, stamp = rng.integers(1, 11) / 2, FIRST_DAY + rng.integers(TEN_YEARS)
            rows.append((user, int(item), float(rating), int(stamp)))
    train = pl.DataFrame(rows, schema=["user", "item", "rating", "timestamp"], orient="row")
    known = set(train.select("user", "item").rows())
    asked = [(u, i) for u in USERS for i in ITEMS if u != UNASKED and (u, i) not in known]
    pairs = pl.DataFrame(asked, schema=["user", "item"], orient="row")
    if not timed:
        train = train.with_columns(pl.lit(None, pl.Int64).alias("timestamp"))
    made = Small(
        train=train.sample(fraction=1.0, shuffle=True, seed=seed),
        items=_catalogue(rng).sample(fraction=1.0, shuffle=True, seed=seed),
        pairs=pairs.sample(fraction=0.8, shuffle=True, seed=seed),
        vector=dict(zip(ITEMS, _unit(rng.normal(size=(len(ITEMS), WIDTH))), strict=True)),
        name=f"seed {seed}, {ids}, {'timed' if timed else 'untimed'}",
    )
    return _as_text(made) if ids == "text" else made


def _catalogue(rng):
    genres: list[Any] = ["|".join(rng.choice(GENRES, rng.integers(1, 4), False)) for _ in ITEMS]
    years = rng.integers(1950, 2020, len(ITEMS)).tolist()
    genres[0], genres[1], genres[2] = None, "", "Drama"
    years[0], years[3], years[4] = None, 99_999, -400
    return pl.DataFrame(
        {
            "item": ITEMS,
            "year": years,
            "genres": genres,
            "quality": [None, *rng.uniform(1, 10, len(ITEMS) - 1).tolist()],
            "votes": [*rng.integers(0, 10**6, len(ITEMS) - 1).tolist(), None],
        },
        schema_overrides={"year": pl.Int32, "votes": pl.Int64},
    )


def _unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _as_text(made):
    """Ids as text: in another order, "item-100" before "item-20"."""
    user, item = pl.format("user-{}", "user").alias("user"), pl.format("item-{}", "item")
    named = item.alias("item")
    return Small(
        train=made.train.with_columns(user, named),
        items=made.items.with_columns(named),
        pairs=made.pairs.with_columns(user, named),
        vector={f"item-{key}": vector for key, vector in made.vector.items()},
        name=made.name,
    )


CASES = [small(0), small(1), small(2, ids="text"), small(3, timed=False)]


def each_feature(group):
    """Parametrises a test by the group's features and by `CASES`; what a scorer gives is none."""
    named = [name for name in FEATURES if FEATURES[name].group == group and name != "similarity"]

    def both(test):
        by_name = pytest.mark.parametrize("name", named)
        return by_name(pytest.mark.parametrize("case", CASES, ids=str)(test))

    return both


def values(name, case):
    """What the feature gives for every pair (P,)."""
    return FEATURES[name].function(*case.facts())


def looped(function, case):
    """What a loop over the same pairs gives: `function` of the naive view, user and item."""
    known, (_, pairs) = case.naive(), case.facts()
    return [function(known, user, item) for user, item in pairs.frame.rows()]


def assert_is_looped(name, function, case, tolerance=1e-9):
    """Both agree on every pair, and on which are unknown (NaN)."""
    expected = looped(function, case)
    np.testing.assert_allclose(values(name, case), expected, rtol=tolerance, atol=tolerance)
