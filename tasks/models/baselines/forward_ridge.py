"""A ridge regression of what people came to like of late on all that they had rated before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import polars as pl
import scipy
from pydantic import Field

from tasks.core.arrays import Floats, Ids, ids_of, positions
from tasks.core.progress import say
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.models.base import Extent, Matrix, OptionValue, Searched, Training
from tasks.models.baselines.ease_weights import regularized_inverse
from tasks.models.interactions import histories, ones_like
from tasks.models.product import ProductModel
from tasks.models.weighing import SECONDS_PER_DAY, check_times

LARGEST = 10_000
"""Items of a history that are looked at unless more are asked for: the most rated."""
CUTS = 3
"""Moments that part the past: from what came before each the regression tells what came after."""
NOT_LIKED = 0.5
"""What a rating counts in a history where the item was not liked; a liked one counts 1."""
USUAL_DAYS = 90


@dataclass(frozen=True, eq=False, kw_only=True)
class ForwardRidge(ProductModel):
    """Scores x B + b of items that somebody liked of late.

    B (H, I) and b (I,) minimise the sum, over people and moments of late, of |y - x B - b|^2, plus
    lambda (|B|^2 + |b|^2). x is what a person had rated before the moment, y (0 or 1) what they
    liked from it on. The moments are a third, two thirds and the whole of `days` before the newest
    rating; who liked nothing since a moment, or had rated nothing, is left out there. So it is a
    linear model between items as SLIT (Choi et al. 2021), with times that part everybody's past
    alike: it tells what is liked now from what always was. `history` (H,) are the sorted ids of the
    items in x, and `items` (I,) of those in y. Who has rated nothing gets b.
    """

    name = "forward-ridge"
    label = "forward ridge"
    reason = "liked of late by people who rated what you rated"

    history: Ids
    liked_from: Floats

    class Options(ProductModel.Options):
        """Of the forward ridge regression."""

        words: ClassVar[Mapping[str, str]] = {
            "days": "the last {} days",
            "items": "the {} most rated items",
        }
        regularization: float = Field(
            1000.0, gt=0, description="How strongly `forward-ridge` shrinks its weights."
        )
        days: int = Field(
            0,
            ge=0,
            description="Days before the newest rating whose liked items it foretells; 0: those of"
            f" {CUTS} windows of time, {USUAL_DAYS} where there are none.",
        )
        items: int = Field(
            LARGEST,
            ge=1,
            description="Items of a history that it looks at, at most: the most rated.",
        )

    @classmethod
    def fit(cls, training: Training) -> Self:
        """What is inverted is as large as the fewer of people of late and items.

        Where nobody with ratings from before liked anything of late all scores are 0. Raises
        TooLittleDataError where no rating has a timestamp.
        """
        options, ratings = cls.Options.read(training.options), training.ratings
        check_times(ratings, cls.name, "ease")
        liked_from = -np.inf if training.liked_from is None else training.liked_from
        timed, days = ratings.drop_nulls(TIMESTAMP), options.days or USUAL_DAYS
        history = _most_rated(timed, options.items)
        if len(history) < (every := ratings[ITEM].n_unique()):
            say(f"    {cls.name}: of {every:,} items the {len(history):,} most rated")
        moments = _moments(timed, days)
        late = timed.filter((pl.col(TIMESTAMP) >= moments[-1]) & (pl.col(RATING) >= liked_from))
        items = ids_of(late[ITEM].unique().sort())
        parts = list(_parted(timed, late, moments, history, items, liked_from))
        if parts:
            weights = _ridge(parts, options.regularization * training.share)
        else:
            say(f"    {cls.name}: nobody who had rated liked anything in {days} days: it is all 0")
            items, weights = history, np.zeros((len(history) + 1, len(history)), np.float32)
        users = ids_of(ratings[USER].unique().sort())
        return cls(
            users=users,
            items=items,
            left=_rows(history, ratings, pl.Series(users), liked_from),
            right=weights,
            options=training.options,
            history=history,
            liked_from=np.array(liked_from),
        )

    @classmethod
    def passed_over(cls, extent: Extent, options: Mapping[str, OptionValue]) -> str | None:
        """All but the most rated items of a history, where there are too many."""
        most = cls.Options.read(options).items
        if extent.items <= most:
            return None
        return f"{cls.label} looks at the {most:,} most rated of {extent.items:,} items"

    def search(self, users: Ids) -> Searched:
        """The scores in float32; of somebody not known, as of who has rated nothing."""
        scores = super().search(users)
        _, known = positions(self.users, users)
        scores[~known] = self.right[-1]
        return scores

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """What they have rated by now, times the same weights."""
        left = _rows(self.history, ratings, users, float(self.liked_from))
        return replace(self, users=np.sort(ids_of(users)), left=left)


def _most_rated(ratings: pl.DataFrame, most: int) -> Ids:
    """The sorted ids of the items with the most ratings; of equal ones the lower ids."""
    counts = ratings.group_by(ITEM).len().sort(["len", ITEM], descending=[True, False])
    return np.sort(ids_of(counts[ITEM].head(most)))


def _moments(timed: pl.DataFrame, days: int) -> list[int]:
    """The moments, the newest first, in seconds since 1970."""
    newest = timed.select(pl.col(TIMESTAMP).max()).item()
    return [newest - part * days * SECONDS_PER_DAY // CUTS for part in range(1, CUTS + 1)]


def _parted(
    timed: pl.DataFrame,
    late: pl.DataFrame,
    moments: Iterable[int],
    history: Ids,
    items: Ids,
    liked_from: float,
) -> Iterator[tuple[Matrix, Matrix]]:
    """By moment sparse x (n, H + 1) and y (n, I) of the people with something in both, if any."""
    looked_at = timed.filter(pl.col(ITEM).is_in(pl.Series(history).implode()))
    for moment in moments:
        since = late.filter(pl.col(TIMESTAMP) >= moment)
        before = looked_at.filter(pl.col(TIMESTAMP) < moment)
        people = since.join(before, on=USER, how="semi")[USER].unique()
        if len(people):
            _, liked = histories(items, since, people)
            yield _rows(history, before, people, liked_from), ones_like(liked)


def _rows(history: Ids, ratings: pl.DataFrame, users: pl.Series, liked_from: float) -> Matrix:
    """What these users rated (n, H), weighed, and a last column of 1; sparse, float32."""
    liked = pl.col(RATING).cast(pl.Float64) >= liked_from
    weighed = ratings.with_columns(pl.when(liked).then(1.0).otherwise(NOT_LIKED).alias(RATING))
    people, rated = histories(history, weighed, users)
    always = scipy.sparse.csr_array(np.ones((len(people), 1), np.float32))
    return scipy.sparse.hstack([rated.astype(np.float32), always], format="csr")


def _ridge(parts: Iterable[tuple[Matrix, Matrix]], regularization: float) -> Searched:
    """(X'X + lambda I)^-1 X'Y, of the sparse X (n, K) and Y (n, I) of all parts; (K, I), float32.

    The same as X' (XX' + lambda I)^-1 Y, which is less work where n is less than K.
    """
    x, y = (scipy.sparse.vstack(side, format="csr") for side in zip(*parts, strict=True))
    turned = x.T.tocsr()
    if x.shape[0] < x.shape[1]:
        inverse = regularized_inverse(x, turned, regularization)
        weights = turned @ np.ascontiguousarray((y.T.tocsr() @ inverse).T)  # it is symmetric
    else:
        inverse = regularized_inverse(turned, x, regularization)
        weights = inverse @ (turned @ y).toarray().astype(inverse.dtype)
    return np.ascontiguousarray(weights, dtype=np.float32)
