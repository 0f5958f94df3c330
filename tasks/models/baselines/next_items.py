"""What people rated next, after what the user rated last."""

from dataclasses import replace
from typing import Self

import numpy as np
import polars as pl

from tasks.core.arrays import Ids, ids_of, places_of
from tasks.core.vocabulary import ITEM, TIMESTAMP, USER
from tasks.models.base import RATED_AFTER_YOURS, Matrix, Training
from tasks.models.product import ProductModel
from tasks.models.transitions import last_items, transitions
from tasks.models.weighing import SECONDS_PER_DAY, check_times

SECONDS_PER_YEAR = 365.25 * SECONDS_PER_DAY


class NextItems(ProductModel):
    """Score = sum over the user's last 20 items of .8^place x the share of the item after each.

    A Markov chain of the first order (Rendle, Freudenthaler & Schmidt-Thieme 2010, section 3) that
    is counted, not factorised; see `tasks.models.transitions` for what follows an item. A rating
    without a timestamp makes its user and item known, and does not count.
    """

    name = "next-items"
    label = "rated next"
    reason = RATED_AFTER_YOURS

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Count; raises TooLittleDataError where no rating has a timestamp."""
        check_times(training.ratings, cls.name, "knn")
        known = training.ratings
        users, items = (ids_of(known[name].unique().sort()) for name in (USER, ITEM))
        timed = known.drop_nulls(TIMESTAMP).sort(USER, ITEM)
        rater, rated = places_of(users, timed[USER])[0], places_of(items, timed[ITEM])[0]
        years = timed[TIMESTAMP].to_numpy() / SECONDS_PER_YEAR
        order = np.lexsort((rated, years, rater))
        shares = transitions(rater, rated, years, order, len(items))
        return cls(
            users=users,
            items=items,
            left=_last(users, items, known),
            right=shares.astype(np.float32),
            options=training.options,
        )

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """What they rated last, times the same shares."""
        people = np.sort(ids_of(users))
        return replace(self, users=people, left=_last(people, self.items, ratings))


def _last(users: Ids, items: Ids, ratings: pl.DataFrame) -> Matrix:
    """These users' last items (n, I); of those that are not known, as if never rated."""
    timed = ratings.drop_nulls(TIMESTAMP).sort(USER, ITEM)
    rater, theirs = places_of(users, timed[USER])
    rated, known = places_of(items, timed[ITEM])
    mine = theirs & known
    seconds = timed[TIMESTAMP].cast(pl.Float64).to_numpy()[mine]
    last = last_items(rater[mine], rated[mine], seconds, (len(users), len(items)))
    return last.astype(np.float32)
