"""Surprise's SVD and SVD++ at their defaults, reduced to `Factors`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from surprise import SVD, Dataset, Reader, SVDpp

from tasks.core.vocabulary import ITEM, RATING, USER, ModelName
from tasks.models.base import Floats, Ids
from tasks.models.factors import Factors

MODELS: dict[ModelName, Callable[..., Any]] = {
    "svd": SVD,
    "svdpp": partial(SVDpp, cache_ratings=True),
}
"""Caching changes none of SVD++'s numbers; on ml-latest-small it fits in 35 s instead of 40."""


def fit(ratings: pl.DataFrame, scale: tuple[float, float], model: ModelName, seed: int) -> Any:  # noqa: ANN401
    """The fitted Surprise algorithm; rows in the given order, so sorted rows give equal models."""
    return MODELS[model](random_state=seed).fit(trainset_of(ratings, scale))


def trainset_of(ratings: pl.DataFrame, scale: tuple[float, float]) -> Any:  # noqa: ANN401
    """The ratings as Surprise wants them; it counts users and items as they appear."""
    frame = ratings.select(USER, ITEM, RATING).to_pandas()
    return Dataset.load_from_df(frame, Reader(rating_scale=scale)).build_full_trainset()


def factors_of(algorithm: Any) -> Factors:  # noqa: ANN401
    """Reduce a fitted SVD or SVDpp; Koren 2008, equation 15, gives SVD++'s implicit part."""
    train = algorithm.trainset
    users = _raw_ids(train.n_users, train.to_raw_uid)
    items = _raw_ids(train.n_items, train.to_raw_iid)
    by_user, by_item = np.argsort(users), np.argsort(items)
    vectors = algorithm.pu
    if isinstance(algorithm, SVDpp):
        vectors = vectors + _implicit(train) @ algorithm.yj
    return Factors(
        users=users[by_user],
        items=items[by_item],
        mean=np.asarray(train.global_mean, dtype=np.float64),
        user_bias=algorithm.bu[by_user],
        item_bias=algorithm.bi[by_item],
        user_factors=np.ascontiguousarray(vectors[by_user]),
        item_factors=np.ascontiguousarray(algorithm.qi[by_item]),
        scale=np.asarray(train.rating_scale, dtype=np.float64),
    )


def _raw_ids(count: int, to_raw: Any) -> Ids:  # noqa: ANN401
    return np.array([to_raw(inner) for inner in range(count)])


def _implicit(train: Any) -> csr_array:  # noqa: ANN401
    """Sparse (U, I): 1 / sqrt(number of items the user rated) where the user rated the item."""
    pairs = [(user, item) for user, rated in train.ur.items() for item, _ in rated]
    rows, columns = np.array(pairs).T
    lengths = np.bincount(rows, minlength=train.n_users)
    weights: Floats = 1.0 / np.sqrt(lengths[rows])
    return csr_array((weights, (rows, columns)), shape=(train.n_users, train.n_items))
