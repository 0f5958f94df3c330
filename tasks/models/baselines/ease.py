"""EASE: weights between items that best restore who rated what, in closed form (Steck 2019)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
import polars as pl
import scipy
from pydantic import Field

from tasks.core.arrays import Floats, Places
from tasks.core.progress import say
from tasks.core.vocabulary import USER
from tasks.models.base import Extent, Matrix, OptionValue, Training
from tasks.models.baselines.ease_weights import by_items, solved_by_users
from tasks.models.interactions import histories, interactions_of, ones_like
from tasks.models.product import ProductModel
from tasks.models.weighing import Weighing

LARGEST = 20_000
"""Rows of the largest matrix that is inverted unless more are asked for: 4 GB at work."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ease(ProductModel):
    """Scores of X (U, I): X B, where B = I - P / diag(P) and P = (X'X + lambda I)^-1.

    X is 1 where the user rated the item; with the options it leaves out what was not liked or is
    too old, and counts the rest .5^(age / half-life), as exponential forgetting does (Ding & Li
    2005). The derivation asks nothing else of X. `liked_from` and `newest` are those of
    `Weighing`; `diagonal` is diag(P) where that was solved by users, whose `right` it divides.
    """

    name = "ease"
    label = "EASE"
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {
        "regularization": (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0),
        "half_life": (0.0, 30.0, 90.0, 180.0, 365.0, 730.0),
    }
    liked_from: Floats = field(default_factory=lambda: np.array(-math.inf))
    newest: Floats = field(default_factory=lambda: np.array(math.nan))
    diagonal: Floats = field(default_factory=lambda: np.empty(0))

    class Options(ProductModel.Options):
        """Of EASE."""

        words: ClassVar[Mapping[str, str]] = {
            "items": "the {} most rated items",
            "liked_only": "liked ratings only",
            "days": "the last {} days",
            "half_life": "half life {} days",
        }
        regularization: float = Field(
            500.0, gt=0, description="How strongly `ease` shrinks its weights."
        )
        items: int = Field(
            LARGEST,
            ge=1,
            description="Beyond so many users and items it looks at so many items alone, the most"
            " rated. Memory grows with the square (4 GB at 20,000), time with the cube.",
        )
        liked_only: bool = Field(
            False, description="Whether it looks at liked ratings alone, from `relevant_at` on."
        )
        days: int = Field(
            0, ge=0, description="Days before the newest rating that it looks at; 0: all."
        )
        half_life: float = Field(
            0.0, ge=0, description="Days after which a rating counts half; 0: always the same."
        )

    @classmethod
    def fit(cls, training: Training) -> Self:
        """What is inverted is as large as the fewer of users and items.

        Where both are more than the option `items`, the model knows that many items alone. Raises
        TooLittleDataError where times matter and no rating has one.
        """
        options = cls.Options.read(training.options)
        weighing = Weighing.fitting(
            training, cls.name, options.days, options.half_life, liked_only=options.liked_only
        )
        users, items, rated = interactions_of(training.ratings)
        if not weighing.counts_all:
            everybody = training.ratings[USER].unique()
            _, weights = histories(items, weighing.of(training.ratings), everybody)
            rated = weights.astype(np.float32)
        extent = Extent(training.ratings.height, len(users), len(items))
        if told := cls.passed_over(extent, training.options):
            say(f"    {told}")
            kept = _most_rated(rated, options.items)
            items, rated = items[kept], rated[:, kept]
        shrink = options.regularization * training.share
        if len(users) < len(items):
            left, right, diagonal = solved_by_users(rated, shrink)
        else:
            (left, right), diagonal = by_items(rated, shrink), np.empty(0)
        return cls(
            users=users,
            items=items,
            left=left,
            right=right,
            options={**training.options, "regularization": shrink},
            liked_from=np.array(weighing.liked_from),
            newest=np.array(weighing.newest),
            diagonal=diagonal,
        )

    @classmethod
    def passed_over(cls, extent: Extent, options: Mapping[str, OptionValue]) -> str | None:
        """All but the most rated items, where users and items are too many."""
        most = cls.Options.read(options).items
        if min(extent.users, extent.items) <= most:
            return None
        return f"{cls.label} looks at the {most:,} most rated of {extent.items:,} items"

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """What they rated in the place of the fitted rows or, solved by users, what gives the same.

        There left = -M, with M = (XX' + lambda I)^-1, and right = X / diag(P); somebody with the
        row x has x P = (x - x X' M X) / lambda, so that the row x X' M / lambda gives their unrated
        items' scores.
        """
        options = self.Options.read(self.options)
        liked_from, newest = float(self.liked_from), float(self.newest)
        weighing = Weighing(liked_from, options.days, options.half_life, newest)
        people, weights = histories(self.items, weighing.of(ratings), users)
        rated = weights.astype(np.float32)
        if self.left.shape[1] == len(self.items):
            return replace(self, users=people, left=rated)
        who = ones_like(scipy.sparse.csr_array(self.right))
        if options.half_life:
            who = scipy.sparse.csr_array(self.right * self.diagonal, dtype=np.float32)
        shared = (rated @ who.T).toarray()
        left = -(shared @ np.asarray(self.left)) / options.regularization
        return replace(self, users=people, left=left.astype(np.float32))


def _most_rated(rated: Matrix, count: int) -> Places:
    """Ascending positions (count,) of the columns of X (U, I) with the most ratings."""
    ratings = np.bincount(rated.indices, minlength=rated.shape[1])
    return np.sort(np.argsort(-ratings, kind="stable")[:count])


class SharpEase(Ease):
    """EASE that shrinks less, and so follows a person more closely."""

    name = "sharp-ease"
    label = "sharp EASE"
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {}

    class Options(Ease.Options):
        """Of the sharper EASE."""

        regularization: float = Field(
            100.0,
            gt=0,
            description="The same of `sharp-ease`, which follows a person more closely.",
        )
