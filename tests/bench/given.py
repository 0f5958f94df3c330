"""What the steps of one evaluation read, in memory: the same for us and for a peer."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table
from tasks.core.vocabulary import DATE_AFFINITY, POPULARITY, SIMILARITY, DatasetInfo
from tasks.data.stages import ingest
from tasks.evaluation.splits.protocols import split
from tasks.features.facts import facts_of
from tasks.features.item_facts import item_facts
from tasks.features.table import feature_table
from tasks.models.base import Training
from tasks.models.baselines.als import Als
from tasks.models.baselines.svd import Svd
from tasks.models.candidates import top_candidates

COUNT, TOP, SEED = 100, 10, 0
"""Candidates per user, places of a list, and the seed of all that is drawn: the paper's P2."""


@dataclass(frozen=True)
class Given:
    """A data set, split as P2 does; models and lists are made when first asked for."""

    info: DatasetInfo
    ratings: pl.DataFrame
    items: pl.DataFrame
    train: pl.DataFrame
    held_out: pl.DataFrame
    users: pl.Series

    @cached_property
    def algorithm(self) -> Any:
        """Surprise's SVD, fitted."""
        return Svd.algorithm(self.training)

    @cached_property
    def svd(self) -> Svd:
        return Svd.reduced(self.algorithm, self.training)

    @cached_property
    def als(self) -> Als:
        return Als.fit(self.training)

    @property
    def training(self) -> Training:
        return Training(self.train, self.info.scale, SEED)

    @cached_property
    def candidates(self) -> pl.DataFrame:
        return top_candidates(self.svd, self.train, self.users, COUNT, SEED)

    @cached_property
    def known(self) -> pl.DataFrame:
        """The candidates with their signals; similarities are drawn: scoring is another step."""
        pairs = self.candidates
        drawn = pl.Series(SIMILARITY, np.random.default_rng(SEED).uniform(-1, 1, pairs.height))
        known = item_facts(self.train, self.items, closeness=False)
        nothing = np.zeros((0, 0), dtype=np.float32)
        facts = facts_of(self.train, self.items, pairs.with_columns(drawn), known, nothing, {})
        return feature_table(*facts, [POPULARITY, DATE_AFFINITY])


def read(data: str) -> Given:
    """A data set by its name or folder."""
    with TemporaryDirectory(prefix="palate-bench-") as folder:
        home = Path(folder)
        dataset = ingest(home, data)
        ratings, items = read_table(home, dataset.ratings), read_table(home, dataset.items)
    parts = split(ratings, "split", SEED, 0)
    return Given(dataset.info, ratings, items, parts.train, parts.held_out, parts.users)
