"""Items whose texts are like those that a person likes.

The one base model that knows an item before anybody has rated it.
"""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import polars as pl
import scipy

from tasks.core.arrays import Floats, Ids, ids_of, places_of
from tasks.core.errors import SettingsError
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import SIMILAR_TEXT, Matrix, Training
from tasks.models.product import ProductModel


@dataclass(frozen=True, eq=False, kw_only=True)
class TextModel(ProductModel):
    """Score = cosine-like product of the item's text with the person's mean text.

    `usual` (W,): the mean text of all liked ratings, which is taken off each person's.
    """

    name = "text"
    label = "texts"
    reason = SIMILAR_TEXT
    reads_texts = True

    usual: Floats = field(default_factory=lambda: np.empty(0))

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Place everybody who rated something among the texts; SettingsError where there are none.

        A person's vector is the mean of the items they rated at least as high as they rate on the
        whole, above everybody's.
        """
        if training.texts is None:
            raise SettingsError(
                f"The base model {cls.name} is fitted on texts of the items, not on ratings alone.",
                "Give another base model.",
            )
        ratings, texts = training.ratings, training.texts
        people = np.unique(ids_of(ratings[USER].unique()))
        items, vectors = ids_of(texts.items), texts.vectors
        sums, count = _liked(ratings, people, items, vectors)
        usual = sums.sum(axis=0) / max(int(count.sum()), 1)
        return cls(
            users=people,
            items=items,
            left=_tastes(sums, count, usual),
            right=np.ascontiguousarray(vectors.T),
            options=training.options,
            usual=usual,
        )

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """These users alone, among the same texts."""
        people = np.unique(ids_of(users))
        sums, count = _liked(ratings, people, self.items, np.asarray(self.right).T)
        return replace(self, users=people, left=_tastes(sums, count, self.usual))


def _liked(
    ratings: pl.DataFrame, people: Ids, items: Ids, vectors: Matrix
) -> tuple[Floats, Floats]:
    """The sum (U, W) of the vectors of what each person liked, and of how many these are (U,)."""
    mean = pl.col(RATING).mean().over(USER)
    liked = ratings.filter(pl.col(RATING) >= mean - 1e-9).sort(USER, ITEM)
    row, known = places_of(people, liked[USER])
    place, there = places_of(items, liked[ITEM])
    row, place = row[known & there], place[known & there]
    marks, shape = np.ones(len(row), dtype=np.float32), (len(people), len(items))
    sums: Floats = scipy.sparse.csr_array((marks, (row, place)), shape=shape) @ vectors
    return sums, np.bincount(row, minlength=len(people)).astype(np.float64)


def _tastes(sums: Floats, count: Floats, usual: Floats) -> Matrix:
    mean = sums / np.maximum(count, 1)[:, None] - usual
    return np.where(count[:, None] > 0, mean, 0.0).astype(np.float32)
