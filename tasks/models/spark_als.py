"""Implicit ALS by Spark: trains on more ratings than one machine's memory holds.

Spark reads them from Parquet and numbers the ids itself. This process gets the ids and the vectors
alone: (U + I) x (4 K bytes and an id), whatever the number of ratings.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import UNSCALED
from tasks.models.factors import Factors
from tasks.models.interactions import ids_of
from tasks.models.options import OptionValue
from tasks.models.spark_session import Spark, session

PLACE = "place"
FEATURES = "features"
BLOCKS = 10
"""Of users and of items, at least; Spark's default. Their number is part of what a seed means."""


def fit(home: Path, ratings: Path, seed: int, options: Mapping[str, OptionValue]) -> Factors:
    """The same kind of score as `als` gives, from a Parquet file of ratings.

    A rated pair weighs 1 + alpha, any other 1 (Hu, Koren & Volinsky 2008). Spark multiplies the
    regularization by the user's or the item's number of ratings (Zhou et al. 2008); `als` does not.
    The same seed gives the same vectors but for their last bits: Spark adds up what its blocks know
    in the order in which they are done. With the master local[1] that order is always the same.
    """
    with session(home) as spark:
        given = spark.read(ratings).select(USER, ITEM)
        for name in (USER, ITEM):
            places = spark.write(_numbered(given, name), name)
            given = given.join(spark.read(places), name)
        fitted = _als(spark, seed, options).fit(given.select(_place(USER), _place(ITEM), _one()))
        users, user_factors = _collected(spark, USER, fitted.userFactors)
        items, item_factors = _collected(spark, ITEM, fitted.itemFactors)
    return Factors(
        users=ids_of(users),
        items=ids_of(items),
        mean=np.asarray(0.0),
        user_bias=np.zeros(len(users)),
        item_bias=np.zeros(len(items)),
        user_factors=user_factors,
        item_factors=item_factors,
        scale=np.array(UNSCALED),
    )


def _als(spark: Spark, seed: int, options: Mapping[str, OptionValue]) -> Any:  # noqa: ANN401
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415

    blocks = max(BLOCKS, spark.sql.sparkContext.defaultParallelism)
    return ALS(
        rank=int(options["factors"]),
        regParam=float(options["regularization"]),
        alpha=float(options["alpha"]),
        maxIter=int(options["iterations"]),
        implicitPrefs=True,
        userCol=_place(USER),
        itemCol=_place(ITEM),
        ratingCol=RATING,
        numUserBlocks=blocks,
        numItemBlocks=blocks,
        seed=seed,
    )


def _place(name: str) -> str:
    return f"{name}_{PLACE}"


def _one() -> Any:  # noqa: ANN401
    from pyspark.sql.functions import lit  # noqa: PLC0415

    return lit(1.0).cast("float").alias(RATING)


def _numbered(given: Any, name: str) -> Any:  # noqa: ANN401
    """The ids, each with its place among all when sorted, from 0.

    Spark sorts text by its UTF-8 bytes, which is NumPy's order, by code points.
    """
    from pyspark.sql import Window  # noqa: PLC0415
    from pyspark.sql.functions import row_number  # noqa: PLC0415

    place = row_number().over(Window.orderBy(name)) - 1
    return given.select(name).distinct().withColumn(_place(name), place)


def _collected(spark: Spark, name: str, factors: Any) -> tuple[pl.Series, np.ndarray]:  # noqa: ANN401
    """The sorted ids, and their vectors (N, K), float32."""
    ids = parquet_of(spark.folder / name).sort(_place(name))[name]
    vectors = parquet_of(spark.write(factors, f"{name}_factors")).sort("id")[FEATURES]
    return ids, vectors.list.to_array(len(vectors[0])).to_numpy()


def parquet_of(folder: Path) -> pl.DataFrame:
    """What Spark wrote there, in the order of its files."""
    return pl.read_parquet(sorted(folder.glob("*.parquet")))
