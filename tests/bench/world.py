"""How large a made-up data set is, and what its items are like."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FULL_RATINGS, FULL_USERS, FULL_ITEMS = 32_000_000, 200_948, 87_585
ITEM_GROWTH = 0.381
"""Items grow as ratings to this power: 0.1 M have as many as ml-latest-small, 9,742."""

ZIPF_POWER, ZIPF_SHIFT = 1.5, 100.0
"""Popularity of the item at place i: (i + shift) ^ -power (Mandelbrot 1953)."""

TASTE, TASTE_SPREAD, ITEM_SPREAD = 8, 0.35, 0.5

GENRES = (
    *("Drama", "Comedy", "Thriller", "Romance", "Action", "Documentary", "Horror", "Crime"),
    *("Adventure", "Sci-Fi", "Animation", "Children", "Mystery", "Fantasy", "War", "Western"),
)
WORDS = (
    *("River", "Night", "Engine", "Garden", "Letter", "Winter", "Captain", "Silver", "Island"),
    *("Mirror", "Train", "Orchard", "Violin", "Desert", "Lantern", "Harbour", "Clockwork"),
    *("Meadow", "Thunder", "Archive", "Carnival", "Glacier", "Compass", "Theatre", "Stranger"),
)


@dataclass(frozen=True)
class Shape:
    """How large a data set is."""

    ratings: int
    users: int
    items: int

    @classmethod
    def of(cls, ratings: int) -> "Shape":
        """That of so many ratings: MovieLens 32M's at 32 M."""
        users = max(1, round(FULL_USERS * ratings / FULL_RATINGS))
        return cls(ratings, users, round(FULL_ITEMS * (ratings / FULL_RATINGS) ** ITEM_GROWTH))


@dataclass(frozen=True)
class World:
    """What items are like, by their place: sorted by genre, within one the popular first.

    `bounds` (items + 1,): cumulated popularity, 0 to 1; `starts` (genres + 1,): where each genre
    begins in it. `ids`, `genre`, `bias` (items,), `taste` (items, TASTE).
    """

    ids: Ints
    genre: Ints
    bounds: Floats
    starts: Floats
    bias: Floats
    taste: Floats


def world_of(shape: Shape, seed: int) -> World:
    """The items of a data set."""
    rng = np.random.default_rng([seed, 2])
    weight = (np.arange(shape.items) + ZIPF_SHIFT) ** -ZIPF_POWER
    genre = rng.choice(len(GENRES), shape.items, p=genre_shares())
    order = np.lexsort((np.arange(shape.items), genre))
    bounds = np.concatenate([[0.0], np.cumsum(weight[order])]) / weight.sum()
    starts = bounds[np.searchsorted(genre[order], np.arange(len(GENRES) + 1))]
    return World(
        ids=rng.permutation(shape.items) + 1,
        genre=genre[order],
        bounds=bounds,
        starts=starts,
        bias=rng.normal(0, ITEM_SPREAD, shape.items),
        taste=rng.normal(0, TASTE_SPREAD, (shape.items, TASTE)),
    )


def genre_shares() -> Floats:
    """How many items, and favourites of people, each genre has."""
    weight = 1.0 / np.arange(1, len(GENRES) + 1)
    shares: Floats = weight / weight.sum()
    return shares


def items_table(world: World, seed: int) -> pa.Table:
    """Item, title, year, genres of every item, sorted by item."""
    rng = np.random.default_rng([seed, 4])
    count = len(world.ids)
    first, second, other = (rng.choice(len(WORDS), count) for _ in range(3))
    also = rng.choice(len(GENRES), count)
    titles = [
        f"The {WORDS[a]} of the {WORDS[b]} {WORDS[c]} {n}"
        for a, b, c, n in zip(first, second, other, world.ids, strict=True)
    ]
    genres = [
        GENRES[g] if g == h else f"{GENRES[g]}|{GENRES[h]}"
        for g, h in zip(world.genre, also, strict=True)
    ]
    made = {
        "item": world.ids,
        "title": titles,
        "year": (2023 - np.minimum(rng.exponential(18, count), 100)).astype(np.int32),
        "genres": genres,
    }
    return pa.table(made).sort_by("item")
