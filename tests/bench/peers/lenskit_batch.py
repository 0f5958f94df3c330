"""LensKit: its batch recommender over a pipeline, from the same factors."""

from pathlib import Path

import polars as pl

from tasks.core.vocabulary import ITEM, USER
from tasks.models.candidates import top_candidates
from tasks.models.factors import FactorModel
from tests.bench.given import COUNT, SEED, Given
from tests.bench.peers import TIMES, Compared
from tests.bench.peers.foreign import run
from tests.bench.timing import best_of

PACKAGES = ("lenskit", "pyarrow")
"""The newest for this Python; it brings torch along, which nothing of ours should."""


def compare(given: Given, folder: Path) -> Compared:
    """Candidates for everybody from als factors, rated items left out."""
    factors, users = given.als, given.users
    told, listed = run("lenskit", PACKAGES, _tables(given, factors), folder)
    ours, found = best_of(TIMES, lambda: top_candidates(factors, given.train, users, COUNT, SEED))
    alike = found.join(listed, on=[USER, ITEM], how="semi").height / found.height
    return Compared(
        step="candidates, als",
        peer="LensKit's batch recommend",
        version=told["version"],
        ours=ours,
        theirs=told["seconds"],
        users=len(users),
        agree=f"{alike:.2%} of candidates the same",
    )


def _tables(given: Given, factors: FactorModel) -> dict[str, pl.DataFrame]:
    def vectors(name: str, ids: object, values: object) -> pl.DataFrame:
        return pl.DataFrame({name: ids, "vector": values})

    return {
        "train": given.train.select(USER, ITEM),
        "wanted": given.users.to_frame(USER),
        "user_vectors": vectors(USER, factors.users.tolist(), factors.user_factors),
        "item_vectors": vectors(ITEM, factors.items.tolist(), factors.item_factors),
    }
