"""Estimates of given pairs of user and item: for errors such as RMSE."""

import numpy as np
import polars as pl

from tasks.models.base import BaseModel, Floats
from tasks.models.factors import positions
from tasks.models.interactions import ids_of
from tasks.vocabulary import ITEM, USER

BLOCK_CELLS = 8_000_000
"""Estimates held at once: 64 MB, whatever the number of pairs."""


def pair_estimates(model: BaseModel, pairs: pl.DataFrame) -> Floats:
    """Clipped estimates (rows,) of the pairs in columns user and item, in their order.

    As Surprise's `predict`: of an unknown user or item only the known side's bias counts.
    """
    users, owner = np.unique(ids_of(pairs[USER]), return_inverse=True)
    place, known = positions(model.items, ids_of(pairs[ITEM]))
    found = np.empty(pairs.height)
    by_user = np.argsort(owner, kind="stable")
    size = max(1, BLOCK_CELLS // max(len(model.items), 1))
    for start in range(0, len(users), size):
        block = users[start : start + size]
        first, last = np.searchsorted(owner[by_user], [start, start + size])
        mine = by_user[first:last]
        row = owner[mine] - start
        inside = model.estimates(block)[row, place[mine]]
        found[mine] = np.where(known[mine], inside, model.estimates_of_unknown(block)[row])
    return np.clip(found, *model.scale)
