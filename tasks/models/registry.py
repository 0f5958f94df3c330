"""The base models by name."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import polars as pl

from tasks.core.vocabulary import ModelName
from tasks.models import als, ease, knn, popularity, surprise_svd, svdpp_fast
from tasks.models.base import BaseModel
from tasks.models.options import OptionValue


class Given(NamedTuple):
    """What a model may be fitted from."""

    ratings: pl.DataFrame
    scale: tuple[float, float]
    seed: int
    options: Mapping[str, OptionValue]


def fit(
    name: ModelName,
    ratings: pl.DataFrame,
    scale: tuple[float, float],
    seed: int,
    options: Mapping[str, OptionValue],
) -> BaseModel:
    """The fitted model; `options` are those of `ModelOptions.of(name)`. Not `spark-als`, `text`."""
    return FITS[name](Given(ratings, scale, seed, options))


def _surprise(model: ModelName) -> Callable[[Given], BaseModel]:
    return lambda given: surprise_svd.factors_of(
        surprise_svd.fit(given.ratings, given.scale, model, given.seed)
    )


def _ease(given: Given) -> BaseModel:
    return ease.fit(given.ratings, float(given.options["regularization"]))


FITS: dict[str, Callable[[Given], BaseModel]] = {
    "svd": _surprise("svd"),
    "svdpp": _surprise("svdpp"),
    "svdpp-fast": lambda given: svdpp_fast.fit(given.ratings, given.scale, given.seed),
    "popularity": lambda given: popularity.fit(given.ratings),
    "knn": lambda given: knn.fit(given.ratings, given.scale, int(given.options["neighbours"])),
    "ease": _ease,
    "sharp-ease": _ease,
    "als": lambda given: als.fit(
        given.ratings,
        given.seed,
        factors=int(given.options["factors"]),
        regularization=float(given.options["regularization"]),
        alpha=float(given.options["alpha"]),
        iterations=int(given.options["iterations"]),
    ),
}
