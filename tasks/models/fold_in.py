"""Users who changed, in a model that stays as it was fitted: only their own part is made anew.

Items that nobody had rated when the model was fitted stay unknown to it.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.core.vocabulary import ITEM, RATING, USER, ModelName
from tasks.models.base import BaseModel, Floats, Ids
from tasks.models.factors import Factors
from tasks.models.interactions import ids_of, places_of
from tasks.models.options import OptionValue
from tasks.models.product import Product

EPOCHS, RATE, SHRINK = 20, 0.005, 0.02
"""Surprise's defaults for SVD: rounds, learning rate and regularization."""


def fold_in(
    model: BaseModel,
    name: ModelName,
    ratings: pl.DataFrame,
    users: pl.Series,
    options: Mapping[str, OptionValue],
) -> BaseModel:
    """The model `name` with these users alone, as their `ratings` (all of theirs) have it now."""
    people = np.sort(ids_of(users))
    place, known = places_of(model.items, ratings[ITEM])
    rows, served = places_of(people, ratings[USER])
    mine = served & known
    rows, columns = rows[mine], place[mine]
    values = ratings[RATING].cast(pl.Float64).to_numpy()[mine]
    given = csr_array((values, (rows, columns)), shape=(len(people), len(model.items)))
    given.sort_indices()
    if isinstance(model, Product):
        return _product(model, people, given, options)
    if not isinstance(model, Factors):
        raise TypeError(f"no way to fold users into {type(model).__name__}")
    if name in ("als", "spark-als"):
        return _alternating(model, people, given, options, per_rating=name == "spark-als")
    if not model.item_factors.shape[1]:
        return _with_users(model, people, np.zeros(len(people)), np.zeros((len(people), 0)))
    return _descended(model, people, given)


def _product(
    model: Product, people: Ids, given: csr_array, options: Mapping[str, OptionValue]
) -> Product:
    """What they rated in the place of the fitted rows or, where these stand for users, EASE's.

    There left = -M, with M = (XX' + lambda I)^-1, and right = X / diag(P); somebody with the row x
    has x P = (x - x X' M X) / lambda, so that the row x X' M / lambda gives their unrated items'
    scores (`ease.by_users`).
    """
    rated = csr_array((np.ones_like(given.data), given.indices, given.indptr), shape=given.shape)
    rated = rated.astype(np.float32)
    if model.left.shape[1] == len(model.items):
        return replace(model, users=people, left=rated)
    right = csr_array(model.right)
    who = csr_array((np.ones_like(right.data), right.indices, right.indptr), shape=right.shape)
    shared = (rated @ who.T).toarray()
    left = -(shared @ np.asarray(model.left)) / float(options["regularization"])
    return replace(model, users=people, left=left.astype(np.float32))


def _alternating(
    model: Factors,
    people: Ids,
    given: csr_array,
    options: Mapping[str, OptionValue],
    *,
    per_rating: bool,
) -> Factors:
    """The user's half of one ALS round: (Y'Y + alpha Y_u'Y_u + lambda I) x = (1 + alpha) Y_u' 1.

    Hu, Koren & Volinsky 2008, equation 4. `per_rating`: lambda counts once per rating of theirs
    (Zhou et al. 2008), as Spark has it.
    """
    items = model.item_factors.astype(np.float64)
    alpha, shrink = float(options["alpha"]), float(options["regularization"])
    common, eye = items.T @ items, np.eye(items.shape[1])
    vectors = np.zeros((len(people), items.shape[1]))
    for row in range(len(people)):
        own = items[given.indices[given.indptr[row] : given.indptr[row + 1]]]
        held = shrink * (max(len(own), 1) if per_rating else 1)
        left = common + alpha * own.T @ own + held * eye
        vectors[row] = np.linalg.solve(left, (1 + alpha) * own.sum(axis=0))
    return _with_users(model, people, np.zeros(len(people)), vectors)


def _descended(model: Factors, people: Ids, given: csr_array) -> Factors:
    """Surprise's descent on the users' biases and vectors, while those of the items stand still.

    One rating of every user at a time: users do not meet. Vectors start at 0, not from a draw, so
    that people who rated the same are estimated the same. What SVD++ knows of a user beside the
    vector goes into the vector too.
    """
    lengths = np.diff(given.indptr)
    order = np.argsort(-lengths, kind="stable")
    starts = given.indptr[:-1][order]
    bias = np.zeros(len(people))
    vectors = np.zeros((len(people), model.item_factors.shape[1]))
    going = [int(np.count_nonzero(lengths > step)) for step in range(lengths.max(initial=0))]
    for _ in range(EPOCHS):
        for step, count in enumerate(going):
            at = starts[:count] + step
            _descend(model, given, at, bias[:count], vectors[:count])
    back = np.argsort(order)
    return _with_users(model, people, bias[back], vectors[back])


def _descend(
    model: Factors, given: csr_array, at: NDArray[np.int64], bias: Floats, vectors: Floats
) -> None:
    """One rating of each user, in place."""
    item = given.indices[at]
    facing = model.item_factors[item]
    guess = model.mean + bias + model.item_bias[item] + (vectors * facing).sum(axis=1)
    error = given.data[at] - guess
    bias += RATE * (error - SHRINK * bias)
    vectors += RATE * (error[:, None] * facing - SHRINK * vectors)


def _with_users(model: Factors, people: Ids, bias: Floats, vectors: Floats) -> Factors:
    return replace(model, users=people, user_bias=bias, user_factors=vectors)
