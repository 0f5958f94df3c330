"""How close items are to what people like: cosines of unit vectors, many at once."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.arrays import Ids, Places, places_of, within
from tasks.core.vocabulary import ITEM
from tasks.features.similarity.scorer import Scores, Vectors

NEAREST = 3

Bools = NDArray[np.bool_]


class Taste(NamedTuple):
    """What some people like: a text and items.

    `vectors` of all texts; `text` (n,) each person's row of them, -1: none; `named` (n, k) places
    of items, -1: fewer.
    """

    vectors: Vectors
    text: Places
    named: Places

    def part(self, people: slice) -> "Taste":
        """Of some of the people."""
        return Taste(self.vectors, self.text[people], self.named[people])


def closeness(asked: Vectors, taste: Taste, vectors: Vectors) -> Scores:
    """Mean of the cosine with the text and that with the nearest of the items named beside it.

    Of `asked` (n, C, W), or (1, C, W) for items that everybody is asked about; (n, C), NaN for
    people with neither.
    """
    written: Bools = taste.text >= 0
    some: Bools = taste.named >= 0
    views, total = np.zeros((len(written), 1)), np.zeros((len(written), asked.shape[1]))
    if written.any():
        cosines = (asked @ taste.vectors[taste.text][:, :, None])[:, :, 0]
        total += np.where(written[:, None], cosines, 0.0)
        views += written[:, None]
    if some.any():
        cosines = asked @ vectors[taste.named].transpose(0, 2, 1)
        total += _of_nearest(cosines, some)
        views += np.any(some, axis=1, keepdims=True)
    return np.divide(total, views, out=np.full_like(total, np.nan), where=views > 0)


def _of_nearest(cosines: Vectors, there: Bools) -> Scores:
    """Mean (n, C) of the 3 highest of (n, C, k), of those that are there; 0 without any."""
    shown = np.where(there[:, None, :], cosines, -np.inf)
    highest = np.sort(shown, axis=2)[:, :, -NEAREST:].astype(np.float64)
    count = np.minimum(there.sum(axis=1), NEAREST)[:, None]
    total = np.where(np.isfinite(highest), highest, 0.0).sum(axis=2)
    mean: Scores = total / np.maximum(count, 1)
    return mean


def padded(named: pl.Series, ids: Ids) -> Places:
    """Places (n, k) of the items in each row of a list column, -1 where a row has fewer."""
    table = pl.DataFrame({"row": np.arange(len(named)), "named": named}).explode("named")
    flat = table.with_columns(pl.col("named").struct.field(ITEM)).drop_nulls(ITEM)
    rows = flat["row"].to_numpy()
    lengths = np.bincount(rows, minlength=len(named))
    padded = np.full((len(named), int(lengths.max(initial=1))), -1, dtype=np.int64)
    padded[rows, within(lengths)] = places_of(ids, flat[ITEM])[0]
    return padded
