"""What features are made from, as arrays: train ratings, catalogue, base models, text vectors."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.core.arrays import Floats, Ids, ids_of, places_of
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.models.base import DENSE, Model

Ints = NDArray[np.int64]
Vectors = NDArray[np.float32]

SECONDS_PER_YEAR = 365.25 * 86_400
DAYS_PER_YEAR = 365.25
BLOCK_CELLS = 8_000_000
"""Numbers that are made at once."""

WINDOWS = (7, 14, 30, 90, 180, 365)
"""Days before the newest rating in which ratings count as being of late."""


@dataclass(frozen=True)
class ItemFacts:
    """What all train ratings say of each item of the catalogue (I,), in the order of sorted ids.

    `counts`: ratings; `above`: the sum of the ratings less everybody's mean. With timestamps, else
    None: `first`, the year of the first rating since 1970 (infinite without any); `by_quarter`
    (I, Q) ratings per quarter from `start` on; `last`, the year of the last rating; `end`, that of
    the newest of all; `lately` (I, W) ratings in the `WINDOWS` days before it; `lately_above`, as
    `above`, of the last year; `closeness` and `nexts` (I, I), see `sequence`.
    """

    counts: Floats
    above: Floats
    first: Floats | None = None
    start: float = 0.0
    by_quarter: NDArray[np.float32] | None = None
    closeness: csr_array | None = None
    last: Floats | None = None
    end: float = 0.0
    lately: Floats | None = None
    lately_above: Floats | None = None
    nexts: csr_array | None = None


@dataclass(frozen=True)
class Facts:
    """Everything that is known of some users before anything is held out.

    `users` (U,) sorted ids of those with a rating or a pair; `items` (I,) sorted ids of the
    catalogue, whose rows `catalogue` has in that order. Their train ratings (R,), sorted by user:
    positions `rater` and `rated`, `ratings`, and `years` (since 1970; None without timestamps).
    `all_ratings`: what everybody's say of items. `vectors` (I, W): unit vectors of the items'
    texts. `models` by name. `memo` holds what several features share.
    """

    users: Ids
    items: Ids
    catalogue: pl.DataFrame
    rater: Ints
    rated: Ints
    ratings: Floats
    years: Floats | None
    all_ratings: ItemFacts
    vectors: Vectors
    models: Mapping[str, Model]
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def history(self) -> Ints:
        """How many items each user rated (U,)."""
        return np.bincount(self.rater, minlength=len(self.users))


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
    all_ratings: ItemFacts,
    vectors: Vectors,
    models: Mapping[str, Model],
) -> tuple[Facts, Pairs]:
    """Facts and pairs; `train` are the ratings of the pairs' users at least.

    `vectors` has a row per item, in the order of their sorted ids. `pairs` keeps its columns.
    """
    catalogue = items.sort(ITEM)
    asked = pairs.sort(USER, maintain_order=True)
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
        years=None if all_ratings.first is None else stamps.to_numpy() / SECONDS_PER_YEAR,
        all_ratings=all_ratings,
        vectors=vectors,
        models=models,
    )
    user, item = (places_of(ids, asked[n])[0] for ids, n in ((users, USER), (known, ITEM)))
    return facts, Pairs(asked, user, item)


def at_pairs(left: NDArray[Any], right: NDArray[Any], pairs: Pairs) -> Floats:
    """left[user] . right[item] of every pair (P,), some users or pairs at a time.

    `left` (U, K), `right` (I, K). Where a person's candidates are many of the items, whole rows of
    items: a product of matrices is much faster than one of rows gathered pair by pair. In doubles:
    a product's last digits depend on who else is in it.
    """
    if len(pairs.user) * DENSE < len(left) * len(right):
        return _gathered(left, right, pairs)
    values = np.empty(len(pairs.user))
    size = max(1, BLOCK_CELLS // max(len(right), 1))
    facing = right.T.astype(np.float64)
    for start in range(0, len(left), size):
        first, last = np.searchsorted(pairs.user, [start, start + size])
        rows = left[start : start + size].astype(np.float64) @ facing
        values[first:last] = rows[pairs.user[first:last] - start, pairs.item[first:last]]
    return values


def _gathered(left: NDArray[Any], right: NDArray[Any], pairs: Pairs) -> Floats:
    values = np.empty(len(pairs.user))
    size = max(1, BLOCK_CELLS // max(right.shape[1], 1))
    for start in range(0, len(values), size):
        part = slice(start, start + size)
        values[part] = (left[pairs.user[part]] * right[pairs.item[part]]).sum(axis=1)
    return values


def mean_by(groups: Ints, values: Floats, size: int) -> Floats:
    """Mean of the values of each group (size,), 0 for a group without any."""
    count = np.bincount(groups, minlength=size)
    return np.bincount(groups, values, size) / np.maximum(count, 1)
