"""Who rated what, as a matrix: for the models that do not look at how high a rating is."""

from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from tasks.models.base import Ids
from tasks.models.factors import positions
from tasks.vocabulary import ITEM, USER


class Interactions(NamedTuple):
    """`rated` (U, I), float32, is 1 where the user rated the item; ids are sorted."""

    users: Ids
    items: Ids
    rated: csr_array


def interactions_of(ratings: pl.DataFrame) -> Interactions:
    """The matrix of all ratings, whatever their height and order."""
    users, items = (ids_of(ratings[name].unique().sort()) for name in (USER, ITEM))
    rows, _ = positions(users, ids_of(ratings[USER]))
    columns, _ = positions(items, ids_of(ratings[ITEM]))
    ones = np.ones(ratings.height, dtype=np.float32)
    rated = csr_array((ones, (rows, columns)), shape=(len(users), len(items)))
    rated.sort_indices()
    return Interactions(users, items, rated)


def ids_of(column: pl.Series) -> Ids:
    """The ids as a NumPy array that can be sorted and searched."""
    return np.array(column.to_list()) if column.dtype == pl.String else column.to_numpy()
