"""Who rated what, as a matrix: for the models that do not look at how high a rating is."""

import numpy as np
import polars as pl
import scipy

from tasks.core.arrays import Ids, ids_of, places_of
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import Matrix


def interactions_of(ratings: pl.DataFrame) -> tuple[Ids, Ids, Matrix]:
    """Sorted users (U,) and items (I,), and who rated what, whatever its height: 1, float32.

    The matrix (U, I) is sparse.
    """
    users, items = (ids_of(ratings[name].unique().sort()) for name in (USER, ITEM))
    rows, columns = places_of(users, ratings[USER])[0], places_of(items, ratings[ITEM])[0]
    if np.any(rows[1:] < rows[:-1]):
        order = np.argsort(rows, kind="stable")
        rows, columns = rows[order], columns[order]
    starts = np.append(0, np.cumsum(np.bincount(rows, minlength=len(users))))
    ones = np.ones(len(rows), dtype=np.float32)
    kind = np.int32 if len(rows) < np.iinfo(np.int32).max else np.int64
    parts = ones, columns.astype(kind), starts.astype(kind)
    rated = scipy.sparse.csr_array(parts, shape=(len(users), len(items)))
    rated.sort_indices()
    return users, items, rated


def histories(items: Ids, ratings: pl.DataFrame, users: pl.Series) -> tuple[Ids, Matrix]:
    """The users' sorted ids (n,), and what each of them rated of `items`: sparse (n, I).

    Ratings of anybody else, and of any other item, are passed over.
    """
    people = np.sort(ids_of(users))
    columns, known = places_of(items, ratings[ITEM])
    rows, served = places_of(people, ratings[USER])
    mine = served & known
    values = ratings[RATING].cast(pl.Float64).to_numpy()[mine]
    shape = len(people), len(items)
    rated = scipy.sparse.csr_array((values, (rows[mine], columns[mine])), shape=shape)
    rated.sort_indices()
    return people, rated


def ones_like(matrix: Matrix) -> Matrix:
    """A sparse matrix with 1 wherever the given one holds a number, float32."""
    ones = np.ones(len(matrix.data), dtype=np.float32)
    return scipy.sparse.csr_array((ones, matrix.indices, matrix.indptr), shape=matrix.shape)
