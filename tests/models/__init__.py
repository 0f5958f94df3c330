"""Seeded rating sets that the model tests share."""

from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tasks.models.base import Training
from tasks.models.baselines.svd import Svd, Svdpp

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SCALE = (0.5, 5.0)
MOVIELENS_USERS = 200
MOVIELENS_RATINGS = 250


@cache
def synthetic(ids):
    """About 30 of 80 items for each of 60 users; `ids` are "text" or "whole numbers"."""
    random = np.random.default_rng(7)
    users, items = np.nonzero(random.random((60, 80)) < random.uniform(0.1, 0.7, 60)[:, None])
    lean = random.normal(0, 1, (60, 3)) @ random.normal(0, 1, (3, 80))
    raw = 3.2 + lean[users, items] + random.normal(0, 0.4, len(users))
    frame = pl.DataFrame(
        {"user": users + 1, "item": items * 3 + 5, "rating": np.clip(np.round(raw * 2) / 2, *SCALE)}
    )
    if ids == "text":
        frame = frame.with_columns(
            pl.format("reader-{}", "user").alias("user"), pl.format("book-{}", "item").alias("item")
        )
    return frame.sort("user", "item")


@cache
def movielens():
    """About 150 users of ml-latest-small; who rated most is left out, for SVD++'s sake."""
    file = SHARED / "ml-latest-small" / "ratings.csv"
    if not file.is_file():
        pytest.skip("needs ../shared/data, which is not here")
    frame = pl.read_csv(file).select(
        user="userId", item="movieId", rating="rating", timestamp="timestamp"
    )
    few = pl.len().over("user") <= MOVIELENS_RATINGS
    return frame.filter(few & (pl.col("user") <= MOVIELENS_USERS)).sort("user", "item")


SURPRISE = {"svd": Svd, "svdpp": Svdpp}


@cache
def fitted(model, source):
    """Surprise's algorithm fitted on "text", "whole numbers" or "movielens"."""
    return SURPRISE[model].algorithm(training(ratings_of(source)))


@cache
def factors(model, source):
    """What `fitted` is reduced to."""
    return SURPRISE[model].reduced(fitted(model, source), training(ratings_of(source)))


def training(ratings, seed=3, scale=SCALE, texts=None, **options):
    """What a model is fitted from: these ratings and options."""
    return Training(ratings, scale, seed, options, texts=texts)


def ratings_of(source):
    """The ratings that `fitted` learns from."""
    return movielens() if source == "movielens" else synthetic(source)
