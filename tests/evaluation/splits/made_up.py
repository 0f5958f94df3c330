"""Seeded ratings of our own making, in no particular order."""

import numpy as np
import polars as pl

from tasks.evaluation.splits.parts import Parts, in_order
from tasks.evaluation.splits.protocols import SPLITTERS, Choices

SCHEMA = {"user": pl.Int64, "item": pl.Int64, "rating": pl.Float64, "timestamp": pl.Int64}
USERS = pl.Series("user", range(1, 31))
ITEMS = pl.Series("item", range(1, 41))


def random_ratings(seed=0, fewest=2, most=20):
    """Each of 30 people rates `fewest` to `most` of 40 items, on 200 days; many share a time."""
    random = np.random.default_rng(seed)
    rows = [
        (user, int(item), float(random.integers(1, 11)) / 2, int(random.integers(0, 200)) * 86_400)
        for user in USERS
        for item in random.choice(ITEMS, random.integers(fewest, most + 1), replace=False)
    ]
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)


def ratings_of(*pairs):
    """Ratings of these (user, item) pairs, all 3.0, without a timestamp."""
    return pl.DataFrame([(*pair, 3.0, None) for pair in pairs], schema=SCHEMA, orient="row")


def with_other_values(ratings, pairs, later=10**7):
    """The same pairs at the same places; those in `pairs` get another rating and a later time."""
    there = pl.struct("user", "item").is_in(
        pairs.select(pl.struct("user", "item")).to_series().implode()
    )
    return ratings.with_columns(
        pl.when(there).then(5.5 - pl.col("rating")).otherwise("rating").alias("rating"),
        pl.when(there).then(pl.col("timestamp") + later).otherwise("timestamp").alias("timestamp"),
    )


def shares(ratings, held_out, group):
    """(ratings, held-out ratings) of each user or item."""
    held = held_out.group_by(group).agg(pl.len().alias("held"))
    counts = ratings.group_by(group).len().join(held, on=group, how="left")
    return counts.select("len", pl.col("held").fill_null(0)).rows()


def parted(protocol, ratings, seed=0, keep=3) -> Parts:
    """What the protocol makes of the ratings, whether anybody can be tested or not."""
    return SPLITTERS[protocol](in_order(ratings), Choices(np.random.default_rng(seed), keep))
