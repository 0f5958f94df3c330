"""Candidates for everybody from the factors, beside Surprise's predict loop for 20 users."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from tasks.artifacts import read_table
from tasks.ingest.task import ingest
from tasks.models.candidates import top_candidates
from tasks.models.surprise_svd import factors_of, fit
from tasks.vocabulary import USER

LOOPED_USERS = 20
COUNT = 100


def main() -> None:
    data = sys.argv[1] if len(sys.argv) > 1 else "movielens"
    with TemporaryDirectory() as folder:
        dataset = ingest(Path(folder), data)
        ratings = read_table(Path(folder), dataset.ratings)
    algorithm = fit(ratings, dataset.info.scale, "svd", seed=0)
    factors = factors_of(algorithm)
    users = ratings[USER].unique().sort()

    matrix = _seconds(lambda: top_candidates(factors, ratings, users, COUNT, 0))
    loop = _seconds(lambda: _loop(algorithm, ratings, users.head(LOOPED_USERS)))
    result = {
        "data": dataset.info.name,
        "users": len(users),
        "items": len(factors.items),
        "candidates_seconds_all_users": round(matrix, 3),
        f"predict_loop_seconds_{LOOPED_USERS}_users": round(loop, 3),
        "predict_loop_seconds_all_users_extrapolated": round(loop / LOOPED_USERS * len(users), 1),
        "times_faster_per_user": round((loop / LOOPED_USERS) / (matrix / len(users)), 1),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


def _loop(algorithm: object, ratings: pl.DataFrame, users: pl.Series) -> None:
    """The published way: predict every unrated item of a user, sort, keep the first 100."""
    items = ratings["item"].unique().to_list()
    for user in users:
        rated = set(ratings.filter(pl.col(USER) == user)["item"])
        unrated = (item for item in items if item not in rated)
        estimates = [(algorithm.predict(user, item).est, item) for item in unrated]  # type: ignore[attr-defined]
        sorted(estimates, reverse=True)[:COUNT]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
