"""Labelled candidates whose hits lie where two features have the same sign: no line parts them."""

import numpy as np
import polars as pl
from scipy.special import expit

FEATURES = ["one", "other", "alone", "noise"]
EACH = 20


def interacting(seed, rows=2000):
    """`EACH` candidates per person, the same people for every seed."""
    rng = np.random.default_rng(seed)
    values = {name: rng.normal(size=rows) for name in FEATURES}
    alike = np.sign(values["one"]) * np.sign(values["other"])
    hits = rng.random(rows) < expit(-1.5 + values["alone"] + 2.0 * alike)
    columns = [pl.Series(name, column, dtype=pl.Float32) for name, column in values.items()]
    keys = pl.DataFrame({"user": np.arange(rows) // EACH, "item": np.arange(rows) % EACH})
    return keys.with_columns(pl.Series("held_out", hits), *columns)


def hits_above_others(scores, table):
    """How often a hit scores above a miss of the same person: 1/2 for chance, 1 at best."""
    scored = table.select("user", "held_out", score=pl.Series(scores))
    hit, miss = scored.filter("held_out"), scored.filter(~pl.col("held_out"))
    both = hit.join(miss, on="user", suffix="_of_miss")
    return (both["score"] > both["score_of_miss"]).mean()
