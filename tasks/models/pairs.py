"""Estimates of given pairs of user and item: for errors such as RMSE."""

import numpy as np
import polars as pl

from tasks.core.arrays import Places
from tasks.core.vocabulary import ITEM, USER
from tasks.models.base import BaseModel, Floats, Ids
from tasks.models.factors import BLOCK_CELLS, Factors
from tasks.models.interactions import ids_of, places_of


def pair_estimates(model: BaseModel, pairs: pl.DataFrame) -> Floats:
    """Clipped estimates (rows,) of the pairs in columns user and item, in their order.

    As Surprise's `predict`: of an unknown user or item only the known side's bias counts.
    """
    users, owner = np.unique(ids_of(pairs[USER]), return_inverse=True)
    place, known = places_of(model.items, pairs[ITEM])
    inside = _of_pairs(model, users, owner, place)
    outside = model.estimates_of_unknown(users)[owner]
    return np.clip(np.where(known, inside, outside), *model.scale)


def _of_pairs(model: BaseModel, users: Ids, owner: Places, place: Places) -> Floats:
    """Unclipped estimates of pairs (P,), the user given by a position in `users`."""
    if isinstance(model, Factors):
        return model.estimates_of_pairs(users[owner], place)
    found = np.empty(len(owner))
    by_user = np.argsort(owner, kind="stable")
    size = max(1, BLOCK_CELLS // max(len(model.items), 1))
    for start in range(0, len(users), size):
        first, last = np.searchsorted(owner[by_user], [start, start + size])
        mine = by_user[first:last]
        rows = model.estimates(users[start : start + size])
        found[mine] = rows[owner[mine] - start, place[mine]]
    return found
