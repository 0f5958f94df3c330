"""What features are made from, as arrays: train ratings, catalogue, base models, text vectors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.models.base import Floats, Ids, Model
from tasks.models.interactions import ids_of, places_of

Ints = NDArray[np.int64]
Vectors = NDArray[np.float32]

SECONDS_PER_YEAR = 365.25 * 86_400


@dataclass(frozen=True)
class Facts:
    """Everything that is known before anything is held out.

    `users` (U,) sorted ids of everybody with a rating or a pair; `items` (I,) sorted ids of the
    catalogue, whose rows `catalogue` has in that order. Train ratings (R,), sorted by user:
    positions `rater` and `rated`, `ratings`, and `years` (since 1970; None without timestamps).
    `vectors` (I, W): unit vectors of the items' texts. `models` by name.
    """

    users: Ids
    items: Ids
    catalogue: pl.DataFrame
    rater: Ints
    rated: Ints
    ratings: Floats
    years: Floats | None
    vectors: Vectors
    models: Mapping[str, Model]

    @property
    def history(self) -> Ints:
        """How many items each user rated (U,)."""
        return np.bincount(self.rater, minlength=len(self.users))

    @property
    def counts(self) -> Ints:
        """How often each item was rated (I,)."""
        return np.bincount(self.rated, minlength=len(self.items))


@dataclass(frozen=True)
class Pairs:
    """The pairs asked about, sorted by user: positions (P,) in the facts' users and items."""

    frame: pl.DataFrame
    user: Ints
    item: Ints


def facts_of(
    train: pl.DataFrame,
    items: pl.DataFrame,
    pairs: pl.DataFrame,
    vectors: Vectors,
    models: Mapping[str, Model],
) -> tuple[Facts, Pairs]:
    """Facts and pairs; `vectors` has a row per item, in the order of their sorted ids."""
    catalogue = items.sort(ITEM)
    asked = pairs.select(USER, ITEM).sort(USER, maintain_order=True)
    users = np.union1d(ids_of(train[USER].unique()), ids_of(asked[USER].unique()))
    known = ids_of(catalogue[ITEM])
    rows = train.sort(USER, ITEM)
    stamps = rows[TIMESTAMP]
    facts = Facts(
        users=users,
        items=known,
        catalogue=catalogue,
        rater=places_of(users, rows[USER])[0],
        rated=places_of(known, rows[ITEM])[0],
        ratings=rows[RATING].cast(pl.Float64).to_numpy(),
        years=None if stamps.null_count() else stamps.to_numpy() / SECONDS_PER_YEAR,
        vectors=vectors,
        models=models,
    )
    user, item = (places_of(ids, asked[n])[0] for ids, n in ((users, USER), (known, ITEM)))
    return facts, Pairs(asked, user, item)


def mean_by(groups: Ints, values: Floats, size: int) -> Floats:
    """Mean of the values of each group (size,), 0 for a group without any."""
    count = np.bincount(groups, minlength=size)
    return np.bincount(groups, values, size) / np.maximum(count, 1)
