"""Items whose texts are like those that a person likes, or like what they say they like.

The one base model that knows an item before anybody has rated it, and a person who rated nothing.
"""

from typing import Self

import numpy as np
import polars as pl
import scipy

from tasks.core.arrays import ids_of, places_of
from tasks.core.errors import SettingsError
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import SIMILAR_TEXT, Training
from tasks.models.product import ProductModel


class TextModel(ProductModel):
    """Score = cosine-like product of the item's text with the person's mean text."""

    name = "text"
    label = "texts"
    reason = SIMILAR_TEXT
    reads_texts = True

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Place everybody among the texts; SettingsError where there are none.

        A person's vector is the mean of the items they rated at least as high as they rate on the
        whole, above everybody's, plus the vector of what they typed, if anything; what others typed
        is passed over.
        """
        if training.texts is None:
            raise SettingsError(
                f"The base model {cls.name} is fitted on texts of the items, not on ratings alone.",
                "Give another base model.",
            )
        ratings, texts = training.ratings, training.texts
        people = np.union1d(ids_of(texts.users), ids_of(ratings[USER].unique()))
        mean = pl.col(RATING).mean().over(USER)
        liked = ratings.filter(pl.col(RATING) >= mean - 1e-9).sort(USER, ITEM)
        items, vectors = ids_of(texts.items), texts.vectors
        row, _ = places_of(people, liked[USER])
        place, _ = places_of(items, liked[ITEM])
        marks, shape = np.ones(len(row), dtype=np.float32), (len(people), len(items))
        sums = scipy.sparse.csr_array((marks, (row, place)), shape=shape) @ vectors
        count = np.bincount(row, minlength=len(people))
        usual = sums.sum(axis=0) / max(int(count.sum()), 1)
        tastes = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None] - usual, 0.0)
        for user, vector in texts.typed.items():
            at = int(np.searchsorted(people, user))
            if at < len(people) and people[at] == user:
                tastes[at] += vector
        left, right = tastes.astype(np.float32), np.ascontiguousarray(vectors.T)
        return cls(users=people, items=items, left=left, right=right, options=training.options)
