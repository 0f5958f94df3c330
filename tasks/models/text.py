"""Items whose texts are like those that a person likes, or like what they say they like.

The one base model that knows an item before anybody has rated it, and a person who rated nothing.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.vocabulary import ITEM, RATING, USER, Id
from tasks.models.interactions import ids_of, places_of
from tasks.models.product import Product

Vectors = NDArray[np.float32]


def fit(
    ratings: pl.DataFrame,
    items: pl.Series,
    vectors: Vectors,
    users: pl.Series,
    typed: Mapping[Id, Vectors],
) -> Product:
    """Score = cosine-like product of the item's text with the person's mean text.

    `items` are sorted, `vectors` (I, W) their unit vectors; `users` are those to know. A person's
    vector is the mean of the items they rated at least as high as they rate on the whole, above
    everybody's, plus the vector of what they typed, if anything (`typed`, by user; those who are
    not to be known are passed over).
    """
    people = np.union1d(ids_of(users), ids_of(ratings[USER].unique()))
    mean = pl.col(RATING).mean().over(USER)
    liked = ratings.filter(pl.col(RATING) >= mean - 1e-9).sort(USER, ITEM)
    known = ids_of(items)
    row, _ = places_of(people, liked[USER])
    place, _ = places_of(known, liked[ITEM])
    sums = np.zeros((len(people), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, row, vectors[place])
    count = np.bincount(row, minlength=len(people))
    usual = sums.sum(axis=0) / max(int(count.sum()), 1)
    tastes = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None] - usual, 0.0)
    for user, vector in typed.items():
        at = int(np.searchsorted(people, user))
        if at < len(people) and people[at] == user:
            tastes[at] += vector
    return Product(people, known, tastes.astype(np.float32), np.ascontiguousarray(vectors.T))
