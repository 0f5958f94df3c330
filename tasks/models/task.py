"""Training and candidates as tasks."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.artifacts import read_table, write_table
from tasks.models import factors, surprise_svd
from tasks.models.candidates import top_candidates
from tasks.progress import bar
from tasks.steps import step
from tasks.vocabulary import USER, Artifact, ModelName


@step("train", "1", "scikit-surprise")
def train_task(
    home: Path, ratings: Artifact, scale: tuple[float, float], model: ModelName, seed: int
) -> Artifact:
    """Fit the base model on `ratings`; gives its factors."""
    with bar(f"training {model} on {ratings.rows:,} ratings"):
        fitted = surprise_svd.fit(read_table(home, ratings), scale, model, seed)
        return factors.save(home, surprise_svd.factors_of(fitted))


@step("choose users", "1", "numpy")
def choose_users_task(home: Path, ratings: Artifact, limit: int | None, seed: int) -> Artifact:
    """The users to serve: everybody, or a seeded sample of `limit`."""
    users = read_table(home, ratings).select(pl.col(USER).unique().sort())
    if limit is not None and limit < users.height:
        chosen = np.random.default_rng(seed).choice(users.height, limit, replace=False)
        users = users[np.sort(chosen)]
    return write_table(home, "users", users)


@step("find candidates", "1")
def candidates_task(
    home: Path, model: Artifact, ratings: Artifact, users: Artifact, count: int
) -> Artifact:
    """The top `count` unrated items of every user."""
    wanted = read_table(home, users)[USER]
    with bar("finding candidates", total=len(wanted)) as advance:
        found = top_candidates(
            factors.load(home, model), read_table(home, ratings), wanted, count, advance
        )
    return write_table(home, "candidates", found)
