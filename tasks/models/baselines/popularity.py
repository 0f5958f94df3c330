"""The same list for everybody: what was rated most often."""

from typing import Self

import numpy as np
import polars as pl

from tasks.core.arrays import ids_of
from tasks.models.base import RATED_BY_MANY, Training
from tasks.models.factors import FactorModel
from tasks.models.interactions import interactions_of


class Popularity(FactorModel):
    """Score = number of train ratings of the item."""

    name = "popularity"
    label = "most popular"
    reason = RATED_BY_MANY
    same_for_everybody = True

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Count."""
        users, items, rated = interactions_of(training.ratings)
        counts = np.bincount(rated.indices, minlength=len(items)) / training.share
        return cls.of(training, users, items, item_bias=counts)

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """Nobody has a part of their own."""
        people = np.sort(ids_of(users))
        return self.with_users(people, np.zeros(len(people)), np.zeros((len(people), 0)))
