"""RecTools: the second stage of its two-stage ranking model, from the same signals."""

from pathlib import Path

import polars as pl

from tasks.core.vocabulary import DATE_AFFINITY, ESTIMATE, ITEM, POPULARITY, RANK, SIMILARITY, USER
from tasks.ranking.options import Weights
from tasks.ranking.rankers import RuleRanker, order
from tests.bench.given import COUNT, Given
from tests.bench.peers import TIMES, Compared
from tests.bench.peers.foreign import run
from tests.bench.timing import best_of

PACKAGES = ("rectools", "pyarrow<20")
"""It wants NumPy 1, which later pyarrows refuse without saying so to an installer."""
SIGNALS = (ESTIMATE, SIMILARITY, POPULARITY, DATE_AFFINITY)


def compare(given: Given, folder: Path) -> Compared:
    """All candidates of everybody in a new order.

    Ours is the weighted rule, z-scores included. Theirs is given the z-scores: its model adds four
    columns up, and the rest is its own `predict_scores` and `recommend`.
    """
    known = given.known
    told, listed = run("rectools", PACKAGES, {"pairs": _z_scores(known)}, folder)
    ours, found = best_of(
        TIMES, lambda: order(folder, known, RuleRanker.of("weighted", Weights(), 0.0), 0)
    )
    both = found.select(USER, ITEM, RANK).join(listed, on=[USER, ITEM])
    alike = (both[RANK] == both["theirs"]).sum() / found.height
    return Compared(
        step=f"re-rank {COUNT} per user",
        peer="RecTools' Reranker",
        version=told["version"],
        ours=ours,
        theirs=told["seconds"],
        users=len(given.users),
        agree=f"{alike:.2%} of pairs at the same place",
    )


def _z_scores(known: pl.DataFrame) -> pl.DataFrame:
    def z_score(name: str) -> pl.Expr:
        value = pl.col(name)
        spread = value.std(ddof=0).over(USER)
        centred = (value - value.mean().over(USER)) / spread
        return pl.when(spread > 1e-12).then(centred).otherwise(0.0).fill_null(0.0).alias(name)

    return known.select(USER, ITEM, *map(z_score, SIGNALS))
