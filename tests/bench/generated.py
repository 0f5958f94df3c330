"""A seeded data set in the shape of MovieLens 32M, of any size, written in bounded memory.

Long tails on both sides (lognormal histories, Zipf-like items), a planted low-rank taste that
decides what people rate and how, half stars, timestamps, titles, years and genres. `python -m
tests.bench.generated RATINGS FOLDER` writes one by hand.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.artifacts import replacing

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FULL_RATINGS, FULL_USERS, FULL_ITEMS = 32_000_000, 200_948, 87_585
ITEM_GROWTH = 0.381
"""Items grow as ratings to this power: 0.1 M have as many as ml-latest-small, 9,742."""

FEWEST = 20
LARGEST_SHARE = 1 / 3
"""Of all items, what one person has rated at most; MovieLens 32M's most eager has 38 %."""
HISTORY_SIGMA = 1.39
"""Of the lognormal above FEWEST: mean 159 and median 73 ratings, as in MovieLens 32M."""
ZIPF_POWER, ZIPF_SHIFT = 1.5, 100.0
"""Popularity of the item at place i: (i + shift) ^ -power (Mandelbrot 1953)."""

CHUNK_USERS = 2_000
TASTE, TASTE_SPREAD = 8, 0.35
OWN_GENRE_SHARE = 0.5
ZIPF_ROUNDS = 6
"""Rounds of drawing after which what a person still lacks is drawn from all items alike."""
MEAN, USER_SPREAD, ITEM_SPREAD, NOISE = 3.54, 0.42, 0.5, 0.75
FIRST_SECOND, LAST_SECOND = 820_454_400, 1_696_118_400
GAP_SECONDS = 40.0

GENRES = (
    *("Drama", "Comedy", "Thriller", "Romance", "Action", "Documentary", "Horror", "Crime"),
    *("Adventure", "Sci-Fi", "Animation", "Children", "Mystery", "Fantasy", "War", "Western"),
)
WORDS = (
    *("River", "Night", "Engine", "Garden", "Letter", "Winter", "Captain", "Silver", "Island"),
    *("Mirror", "Train", "Orchard", "Violin", "Desert", "Lantern", "Harbour", "Clockwork"),
    *("Meadow", "Thunder", "Archive", "Carnival", "Glacier", "Compass", "Theatre", "Stranger"),
)
DESCRIPTION = """name = "made-{ratings}"
noun = "film"
noun_plural = "films"
scale = [0.5, 5.0]
relevant_at = 4.0
source = "made up: {ratings} ratings, seed {seed}"
terms = "none"
"""


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


def write_generated(folder: Path, ratings: int, seed: int = 0) -> Shape:
    """Write the generic folder (ratings.parquet, items.parquet, dataset.toml); gives its shape."""
    shape = Shape.of(ratings)
    world = world_of(shape, seed)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "items.parquet") as private:
        pq.write_table(_items(world, seed), private)
    with replacing(folder / "ratings.parquet") as private, _writer(private) as writer:
        for table in rating_chunks(shape, world, seed):
            writer.write_table(table)
    told = DESCRIPTION.format(ratings=shape.ratings, seed=seed)
    (folder / "dataset.toml").write_text(told, encoding="utf-8")
    return shape


def history_lengths(shape: Shape, seed: int) -> Ints:
    """Ratings of each user (users,): at least FEWEST, in all exactly as many as the shape says."""
    draw = np.random.default_rng([seed, 1]).lognormal(0.0, HISTORY_SIGMA, shape.users)
    most = int(shape.items * LARGEST_SHARE) - FEWEST
    spare = shape.ratings - FEWEST * shape.users
    extra = np.zeros(shape.users)
    for _ in range(50):  # what the longest may not have goes to the others
        extra = np.minimum(draw * (spare / draw.sum()), most)
        if extra.sum() > spare * 0.999_999:
            break
        draw = np.where(extra < most, draw * (spare / extra.sum()), draw)
    whole = np.floor(extra).astype(np.int64)
    missing = spare - int(whole.sum())
    rising = np.argsort(whole, kind="stable")
    np.add.at(whole, rising[np.arange(missing) % shape.users], 1)
    return whole + FEWEST


def world_of(shape: Shape, seed: int) -> World:
    """The items of a data set."""
    rng = np.random.default_rng([seed, 2])
    weight = (np.arange(shape.items) + ZIPF_SHIFT) ** -ZIPF_POWER
    genre = rng.choice(len(GENRES), shape.items, p=_genre_shares())
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


def rating_chunks(shape: Shape, world: World, seed: int) -> Iterator[pa.Table]:
    """User, item, rating, timestamp of CHUNK_USERS people at a time, each from its own seed."""
    lengths = history_lengths(shape, seed)
    for first in range(0, shape.users, CHUNK_USERS):
        rng = np.random.default_rng([seed, 3, first])
        yield _ratings(rng, world, lengths[first : first + CHUNK_USERS], first + 1)


def _ratings(rng: np.random.Generator, world: World, lengths: Ints, first_id: int) -> pa.Table:
    favourite = rng.choice(len(GENRES), len(lengths), p=_genre_shares())
    person, item = _histories(rng, world, lengths, favourite)
    taste = rng.normal(0, TASTE_SPREAD, (len(lengths), TASTE))
    bias = rng.normal(0, USER_SPREAD, len(lengths))
    liking = np.einsum("nk,nk->n", taste[person], world.taste[item])
    noise = rng.normal(0, NOISE, len(person))
    value = MEAN + bias[person] + world.bias[item] + liking + noise
    began = rng.integers(FIRST_SECOND, LAST_SECOND, len(lengths))
    gaps = np.cumsum(rng.exponential(GAP_SECONDS, len(person)))
    since = gaps - gaps[np.cumsum(lengths) - lengths][person]
    return pa.table(
        {
            "user": person + first_id,
            "item": world.ids[item],
            "rating": np.clip(np.round(value * 2) / 2, 0.5, 5.0),
            "timestamp": began[person] + since.astype(np.int64),
        }
    )


def _histories(
    rng: np.random.Generator, world: World, lengths: Ints, favourite: Ints
) -> tuple[Ints, Ints]:
    """Person and item of every rating, sorted by person: no pair twice, as many as `lengths` say.

    Drawn with repeats, which are taken out and drawn again; popular items run out for the eager.
    """
    count, kept = len(world.ids), np.empty(0, np.int64)
    missing, rounds = lengths.copy(), 0
    while missing.any():
        person = np.repeat(np.arange(len(lengths)), missing)
        low, high = np.zeros(len(person)), np.ones(len(person))
        own = rng.random(len(person)) < OWN_GENRE_SHARE
        low[own] = world.starts[favourite[person[own]]]
        high[own] = world.starts[favourite[person[own]] + 1]
        drawn = np.searchsorted(world.bounds, rng.uniform(low, high), side="right") - 1
        if rounds >= ZIPF_ROUNDS:
            drawn = rng.integers(0, count, len(person))
        kept = np.union1d(kept, person * count + np.clip(drawn, 0, count - 1))
        missing = lengths - np.bincount(kept // count, minlength=len(lengths))
        rounds += 1
    shuffled = np.lexsort((rng.random(len(kept)), kept // count))
    return kept[shuffled] // count, kept[shuffled] % count


def _genre_shares() -> Floats:
    weight = 1.0 / np.arange(1, len(GENRES) + 1)
    shares: Floats = weight / weight.sum()
    return shares


def _items(world: World, seed: int) -> pa.Table:
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


def _writer(path: Path) -> pq.ParquetWriter:
    kinds = {"user": pa.int64(), "item": pa.int64(), "rating": pa.float64()}
    return pq.ParquetWriter(path, pa.schema([*kinds.items(), ("timestamp", pa.int64())]))


if __name__ == "__main__":
    sys.stdout.write(f"{write_generated(Path(sys.argv[2]), int(float(sys.argv[1])))}\n")
