"""Implicit ALS by Spark: trains on more ratings than one machine's memory holds.

Spark reads them from Parquet and numbers the ids itself. This process gets the ids and the vectors
alone: (U + I) x (4 K bytes and an id), whatever the number of ratings.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import polars as pl
from pydantic import Field

from tasks.core.arrays import ids_of
from tasks.core.vocabulary import ITEM, RATING, USER
from tasks.models.base import Searched, Training
from tasks.models.baselines.als import Als
from tasks.models.spark_session import FEATURES, Spark, parquet_of, session

PLACE = "place"
BLOCKS = 10
"""Of users and of items, at least; Spark's default. Their number is part of what a seed means."""


class SparkAls(Als):
    """The same kind of score as `als` gives.

    Spark multiplies the regularization by the user's or the item's number of ratings (Zhou et al.
    2008); `als` does not. The same seed gives the same vectors but for their last bits: Spark adds
    up what its blocks know in the order in which they are done. With the master local[1] that order
    is always the same.
    """

    name = "spark-als"
    label = "ALS by Spark"
    package = "pyspark"
    extra = "spark"
    choices: ClassVar[Mapping[str, tuple[float, ...]]] = {}
    shrinks_per_rating = True

    class Options(Als.Options):
        """Of ALS by Spark."""

        factors: int = Field(64, ge=1, description="Length of the vectors of `spark-als`.")
        regularization: float = Field(
            0.3,
            ge=0,
            description="The same of `spark-als`, for each rating that a vector is made of.",
        )
        alpha: float = Field(
            3.0,
            gt=0,
            description="How much surer `spark-als` is of a rated item than of any other.",
        )
        iterations: int = Field(15, ge=1, description="Rounds of `spark-als`.")

    @classmethod
    def fit(cls, training: Training) -> Self:
        """From a Parquet file, which this process does not read."""
        options = cls.Options.read(training.options)
        with session(training.home) as spark:
            given = spark.read(_file_of(training, spark)).select(USER, ITEM)
            for name in (USER, ITEM):
                places = spark.write(_numbered(given, name), name)
                given = given.join(spark.read(places), name)
            als = _als(spark, training.seed, options)
            fitted = als.fit(given.select(_place(USER), _place(ITEM), _one()))
            users, user_factors = _collected(spark, USER, fitted.userFactors)
            items, item_factors = _collected(spark, ITEM, fitted.itemFactors)
        return cls.of(
            training,
            ids_of(users),
            ids_of(items),
            user_factors=user_factors,
            item_factors=item_factors,
        )


def _file_of(training: Training, spark: Spark) -> Path:
    if isinstance(training.source, Path):
        return training.source
    file = spark.folder / "ratings.parquet"
    training.source.write_parquet(file)
    return file


def _als(spark: Spark, seed: int, options: SparkAls.Options) -> Any:  # noqa: ANN401
    from pyspark.ml.recommendation import ALS  # noqa: PLC0415 - an extra

    blocks = max(BLOCKS, spark.sql.sparkContext.defaultParallelism)
    return ALS(
        rank=options.factors,
        regParam=options.regularization,
        alpha=options.alpha,
        maxIter=options.iterations,
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


def _collected(spark: Spark, name: str, factors: Any) -> tuple[pl.Series, Searched]:  # noqa: ANN401
    """The sorted ids, and their vectors (N, K), float32."""
    ids = parquet_of(spark.folder / name).sort(_place(name))[name]
    vectors = parquet_of(spark.write(factors, f"{name}_factors")).sort("id")[FEATURES]
    return ids, vectors.list.to_array(len(vectors[0])).to_numpy()
