"""Surprise: its own `predict` in a loop over every unrated item, as the published code does it."""

from importlib.metadata import version
from typing import Any

import polars as pl

from tasks.core.vocabulary import ITEM, USER
from tasks.models.candidates import top_candidates
from tests.bench.given import COUNT, SEED, Given
from tests.bench.peers import TIMES, Compared
from tests.bench.timing import in_turn

LOOPED_USERS = 20


def compare(given: Given) -> Compared:
    """Candidates for everybody; theirs measured on 20 users and extrapolated."""
    everybody, some = given.users, given.users.head(LOOPED_USERS)
    (ours, found), (theirs, looped) = in_turn(
        TIMES,
        lambda: top_candidates(given.svd, given.train, everybody, COUNT, SEED),
        lambda: predict_loop(given.algorithm, given.train, some),
    )
    alike = found.join(looped, on=[USER, ITEM], how="semi").height / looped.height
    return Compared(
        step="candidates, SVD",
        peer=f"Surprise's predict loop ({LOOPED_USERS} users, extrapolated)",
        version=version("scikit-surprise"),
        ours=ours,
        theirs=theirs / len(some) * len(everybody),
        users=len(everybody),
        agree=f"{alike:.2%} of candidates the same",
    )


def predict_loop(algorithm: Any, train: pl.DataFrame, users: pl.Series) -> pl.DataFrame:
    """Predict every unrated item of a user, sort, keep the first COUNT."""
    items = train[ITEM].unique().sort().to_list()
    rows = []
    for user in users:
        rated = set(train.filter(pl.col(USER) == user)[ITEM])
        unrated = (item for item in items if item not in rated)
        estimates = [(algorithm.predict(user, item).est, item) for item in unrated]
        rows += [(user, item) for _, item in sorted(estimates, reverse=True)[:COUNT]]
    return pl.DataFrame(rows, schema=[USER, ITEM], orient="row")
