"""The same list for everybody: what was rated most often of late."""

from collections.abc import Mapping
from typing import ClassVar, Self

import polars as pl
from pydantic import Field

from tasks.core.arrays import ids_of
from tasks.core.progress import say
from tasks.core.vocabulary import ITEM, TIMESTAMP, USER
from tasks.models.base import RATED_BY_MANY_LATELY, Training
from tasks.models.baselines.popularity import Popularity
from tasks.models.weighing import SECONDS_PER_DAY, check_times

LATELY = "lately"
"""The column that is 1 where a rating counts, else 0 or null."""


class PopularLately(Popularity):
    """Score = number of train ratings of the item in the days that end with the newest of all.

    A rating without a timestamp makes its user and item known, and does not count.
    """

    name = "popular-lately"
    label = "most popular lately"
    reason = RATED_BY_MANY_LATELY
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {"days": (7, 14, 30, 90, 180)}

    class Options(Popularity.Options):
        """Of the most popular lately."""

        words: ClassVar[Mapping[str, str]] = {"days": "the last {} days"}
        days: int = Field(
            90, ge=1, description="Days before the newest rating that `popular-lately` counts."
        )

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Count; raises TooLittleDataError where no rating has a timestamp.

        Where all have the same it says that all count.
        """
        days = cls.Options.read(training.options).days
        ratings = training.ratings
        check_times(ratings, cls.name, "popularity")
        if ratings[TIMESTAMP].drop_nulls().n_unique() == 1:
            same = "all times are the same, so it counts ratings as popularity does"
            say(f"    {cls.name}: {same}")
        lately = pl.col(TIMESTAMP) >= pl.col(TIMESTAMP).max() - days * SECONDS_PER_DAY
        marked = ratings.select(ITEM, lately.cast(pl.Float64).alias(LATELY))
        counts = marked.group_by(ITEM).agg(pl.col(LATELY).sum()).sort(ITEM)
        users, items = ids_of(ratings[USER].unique().sort()), ids_of(counts[ITEM])
        lately_rated = counts[LATELY].to_numpy() / training.share
        return cls.of(training, users, items, item_bias=lately_rated)
