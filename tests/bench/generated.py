"""A seeded data set in the shape of MovieLens 32M, of any size, written in bounded memory.

Long tails on both sides (lognormal histories, Zipf-like items), a planted low-rank taste that
decides what people rate and how, half stars, timestamps, titles, years and genres. `python -m
tests.bench.generated RATINGS FOLDER` writes one by hand.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.core.files import replacing
from tests.bench.world import (
    GENRES,
    TASTE,
    TASTE_SPREAD,
    Ints,
    Shape,
    World,
    genre_shares,
    items_table,
    world_of,
)

FEWEST = 20
LARGEST_SHARE = 1 / 3
"""Of all items, what one person has rated at most; MovieLens 32M's most eager has 38 %."""
HISTORY_SIGMA = 1.39
"""Of the lognormal above FEWEST: mean 159 and median 73 ratings, as in MovieLens 32M."""
CHUNK_USERS = 2_000
OWN_GENRE_SHARE = 0.5
ZIPF_ROUNDS = 6
"""Rounds of drawing after which what a person still lacks is drawn from all items alike."""
MEAN, USER_SPREAD, NOISE = 3.54, 0.42, 0.75
FIRST_SECOND, LAST_SECOND = 820_454_400, 1_696_118_400
GAP_SECONDS = 40.0
SECONDS_PER_YEAR = 31_536_000

DESCRIPTION = """name = "made-{ratings}"
noun = "film"
noun_plural = "films"
scale = [0.5, 5.0]
relevant_at = 4.0
source = "made up: {ratings} ratings, seed {seed}"
terms = "none"
"""


def write_generated(folder: Path, ratings: int, seed: int = 0) -> Shape:
    """Write the generic folder (ratings.parquet, items.parquet, dataset.toml); gives its shape."""
    shape = Shape.of(ratings)
    world = world_of(shape, seed)
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / "items.parquet") as private:
        pq.write_table(items_table(world, seed), private)
    with replacing(folder / "ratings.parquet") as private, _writer(private) as writer:
        for table in rating_chunks(shape, world, seed):
            writer.write_table(table)
    told = DESCRIPTION.format(ratings=shape.ratings, seed=seed)
    (folder / "dataset.toml").write_text(told, encoding="utf-8")
    return shape


@contextmanager
def rated_again(folder: Path, share: float, seed: int = 0) -> Iterator[None]:
    """A file beside the ratings, for the time of the block: new ones of a share of the users.

    One each, of an item of the catalogue, later than all others.
    """
    rng = np.random.default_rng([seed, 4])
    users = pl.scan_parquet(folder / "ratings.parquet").select(pl.col("user").unique().sort())
    people = users.collect()["user"].sample(fraction=share, seed=seed)
    items = pl.read_parquet(folder / "items.parquet")["item"]
    arrived = pl.DataFrame(
        {
            "user": people,
            "item": items.gather(rng.integers(0, len(items), len(people))),
            "rating": rng.integers(1, 11, len(people)) / 2,
            "timestamp": np.full(len(people), LAST_SECOND + SECONDS_PER_YEAR),
        }
    )
    file = folder / "ratings" / "arrived.parquet"
    file.parent.mkdir(exist_ok=True)
    try:
        arrived.write_parquet(file)
        yield
    finally:
        file.unlink(missing_ok=True)
        file.parent.rmdir()


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


def rating_chunks(shape: Shape, world: World, seed: int) -> Iterator[pa.Table]:
    """User, item, rating, timestamp of CHUNK_USERS people at a time, each from its own seed."""
    lengths = history_lengths(shape, seed)
    for first in range(0, shape.users, CHUNK_USERS):
        rng = np.random.default_rng([seed, 3, first])
        yield _ratings(rng, world, lengths[first : first + CHUNK_USERS], first + 1)


def _ratings(rng: np.random.Generator, world: World, lengths: Ints, first_id: int) -> pa.Table:
    favourite = rng.choice(len(GENRES), len(lengths), p=genre_shares())
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


def _writer(path: Path) -> pq.ParquetWriter:
    kinds = {"user": pa.int64(), "item": pa.int64(), "rating": pa.float64()}
    return pq.ParquetWriter(path, pa.schema([*kinds.items(), ("timestamp", pa.int64())]))


if __name__ == "__main__":
    sys.stdout.write(f"{write_generated(Path(sys.argv[2]), int(float(sys.argv[1])))}\n")
