"""Surprise's SVD and SVD++ at their defaults, reduced to biases and vectors."""

from typing import Any, Self

import numpy as np
import polars as pl
import scipy
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Ids
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import Matrix, Training
from tasks.models.factors import FactorModel, Vectors
from tasks.models.interactions import histories

EPOCHS, RATE, SHRINK = 20, 0.005, 0.02
"""Surprise's defaults for SVD: rounds, learning rate and regularization."""


class Svd(FactorModel):
    """Estimates are ratings: those of Surprise's `predict`."""

    name = "svd"
    label = "SVD"
    estimates_ratings = True
    most_ratings = 5_000_000  # Surprise takes 360 bytes of memory for each

    @classmethod
    def algorithm(cls, training: Training) -> Any:  # noqa: ANN401
        """Surprise's own, fitted; rows in the given order, so sorted rows give equal models."""
        from surprise import SVD  # noqa: PLC0415 - slow to load

        return SVD(random_state=training.seed).fit(trainset_of(training))

    @classmethod
    def user_vectors(cls, algorithm: Any) -> Vectors:  # noqa: ANN401
        """All that the algorithm knows of its users beside the bias (U, K)."""
        vectors: Vectors = algorithm.pu
        return vectors

    @classmethod
    def fit(cls, training: Training) -> Self:
        """Fit by Surprise."""
        return cls.reduced(cls.algorithm(training), training)

    @classmethod
    def reduced(cls, algorithm: Any, training: Training) -> Self:  # noqa: ANN401
        """What a fitted algorithm comes down to."""
        train = algorithm.trainset
        users = _raw_ids(train.n_users, train.to_raw_uid)
        items = _raw_ids(train.n_items, train.to_raw_iid)
        by_user, by_item = np.argsort(users), np.argsort(items)
        return cls.of(
            training,
            users[by_user],
            items[by_item],
            mean=train.global_mean,
            user_bias=algorithm.bu[by_user],
            item_bias=algorithm.bi[by_item],
            user_factors=np.ascontiguousarray(cls.user_vectors(algorithm)[by_user]),
            item_factors=np.ascontiguousarray(algorithm.qi[by_item]),
        )

    def fold_in(self, ratings: pl.DataFrame, users: pl.Series) -> Self:
        """Surprise's descent on the users' biases and vectors, while those of the items stay.

        One rating of every user at a time, since users do not meet. Vectors start at 0, not from a
        draw, so that people who rated the same are estimated the same. What SVD++ knows of a user
        beside the vector goes into the vector too.
        """
        people, rated = histories(self.items, ratings, users)
        lengths = np.diff(rated.indptr)
        order = np.argsort(-lengths, kind="stable")
        starts = rated.indptr[:-1][order]
        bias = np.zeros(len(people))
        vectors = np.zeros((len(people), self.item_factors.shape[1]))
        going = [int(np.count_nonzero(lengths > step)) for step in range(lengths.max(initial=0))]
        for _ in range(EPOCHS):
            for step, count in enumerate(going):
                self._descend(rated, starts[:count] + step, bias[:count], vectors[:count])
        back = np.argsort(order)
        return self.with_users(people, bias[back], vectors[back])

    def _descend(self, rated: Matrix, at: NDArray[np.int64], bias: Floats, vectors: Floats) -> None:
        """One rating of each user, in place."""
        item = rated.indices[at]
        facing = self.item_factors[item]
        guess = self.mean + bias + self.item_bias[item] + (vectors * facing).sum(axis=1)
        error = rated.data[at] - guess
        bias += RATE * (error - SHRINK * bias)
        vectors += RATE * (error[:, None] * facing - SHRINK * vectors)


class Svdpp(Svd):
    """SVD++: who rated what says something too (Koren 2008)."""

    name = "svdpp"
    label = "SVD++"

    @classmethod
    def algorithm(cls, training: Training) -> Any:  # noqa: ANN401
        """Caching changes no number; on ml-latest-small it fits in 35 s instead of 40."""
        from surprise import SVDpp  # noqa: PLC0415 - slow to load

        fresh = SVDpp(random_state=training.seed, cache_ratings=True)
        return fresh.fit(trainset_of(training))

    @classmethod
    def user_vectors(cls, algorithm: Any) -> Vectors:  # noqa: ANN401
        """With the implicit part of Koren 2008, equation 15."""
        vectors: Vectors = algorithm.pu + _implicit(algorithm.trainset) @ algorithm.yj
        return vectors


def trainset_of(training: Training) -> Any:  # noqa: ANN401
    """The ratings as Surprise wants them; it counts users and items as they appear."""
    from surprise import Dataset, Reader  # noqa: PLC0415 - slow to load

    frame = training.ratings.select(USER, ITEM, RATING).to_pandas()
    return Dataset.load_from_df(frame, Reader(rating_scale=training.scale)).build_full_trainset()


def _raw_ids(count: int, to_raw: Any) -> Ids:  # noqa: ANN401
    return np.array([to_raw(inner) for inner in range(count)])


def _implicit(train: Any) -> Matrix:  # noqa: ANN401
    """Sparse (U, I): 1 / sqrt(number of items the user rated) where the user rated the item."""
    pairs = [(user, item) for user, rated in train.ur.items() for item, _ in rated]
    rows, columns = np.array(pairs).T
    lengths = np.bincount(rows, minlength=train.n_users)
    weights: Floats = 1.0 / np.sqrt(lengths[rows])
    shape = train.n_users, train.n_items
    return scipy.sparse.csr_array((weights, (rows, columns)), shape=shape)
