"""How much each rating counts: whether the item was liked, and how long ago it was rated."""

import math
from dataclasses import dataclass
from typing import Self

import polars as pl

from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.core.vocabulary import RATING, TIMESTAMP
from tasks.models.base import Training

SECONDS_PER_DAY = 86_400


def check_times(ratings: pl.DataFrame, model: str, instead: str) -> None:
    """Raise TooLittleDataError, in the name of `model`, where no rating has a timestamp."""
    if ratings[TIMESTAMP].null_count() == ratings.height:
        raise TooLittleDataError(
            f"The data set has no timestamps: {model} cannot tell what is new.",
            f"Add them to the ratings file, or use {instead}.",
        )


@dataclass(frozen=True)
class Weighing:
    """What counts, and how much: all ratings 1 by default.

    Ratings below `liked_from` do not count; nor do those from before the last `days`, unless that
    is 0. The others count .5^(age / `half_life`), ages in days, unless that is 0. Days end, and
    ages begin, at the moment `newest`, seconds since 1970: later ratings count more than 1. Where
    times matter, a rating without a timestamp does not count.
    """

    liked_from: float = -math.inf
    days: int = 0
    half_life: float = 0.0
    newest: float = math.nan

    @classmethod
    def fitting(
        cls, training: Training, model: str, days: int, half_life: float, *, liked_only: bool
    ) -> Self:
        """That of what `model` is fitted from; an error where that cannot say."""
        liked_from, newest = -math.inf, math.nan
        if liked_only:
            if training.liked_from is None:
                raise SettingsError(
                    f"{model} is to look at liked ratings alone, and nobody says which these are.",
                    "Give the rating from which an item is liked (Training.liked_from).",
                )
            liked_from = training.liked_from
        if days or half_life:
            check_times(training.ratings, model, f"{model} without days and half_life")
            time = pl.col(TIMESTAMP).cast(pl.Float64)
            newest = training.ratings.select(time.max()).item()
        return cls(liked_from, days, half_life, newest)

    @property
    def counts_all(self) -> bool:
        """Whether every rating counts 1."""
        return not (self.days or self.half_life or math.isfinite(self.liked_from))

    def of(self, ratings: pl.DataFrame) -> pl.DataFrame:
        """The ratings that count, with their weights in the place of their heights."""
        counts = pl.col(RATING).cast(pl.Float64) >= self.liked_from
        weight = pl.lit(1.0)
        if self.days or self.half_life:
            age = (self.newest - pl.col(TIMESTAMP).cast(pl.Float64)) / SECONDS_PER_DAY
            counts &= age.is_not_null()
            if self.days:
                counts &= age <= self.days
            if self.half_life:
                weight = (age * (-math.log(2.0) / self.half_life)).exp()
        return ratings.filter(counts).with_columns(weight.alias(RATING))
