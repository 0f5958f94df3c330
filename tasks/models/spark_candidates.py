"""The C items with the highest estimate per user, found by Spark.

This process holds the vectors of those served and of the items, and what was found: as many rows
as candidates are wanted, and a few.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.arrays import Ids, Places, ids_of, positions
from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, USER
from tasks.models.base import Search
from tasks.models.candidates import MARGIN, catalogue_of, pair_estimates, tie_order
from tasks.models.factors import FactorModel
from tasks.models.spark_session import FEATURES, Spark, parquet_of, session

OWNER, TIE, LOWEST, PLACE = "owner", "tie", "lowest", "place"

LISTED = {OWNER: pl.Int32, LOWEST: pl.Float32, TIE: pl.Int32, ESTIMATE: pl.Float32}

WIDER = 4
"""Spark is asked for so many times what is wanted, and again for those who rated most of it."""


def spark_candidates(model: FactorModel, search: Search) -> pl.DataFrame:
    """What `top_candidates` gives, for factors without biases, from a Parquet file of ratings.

    `recommendForUserSubset` does not leave out what somebody rated, nor say which of several equal
    items it takes: whoever has too few unrated ones above its last is asked for again, for more.
    """
    users, wanted = search.users, search.count + MARGIN
    with session(search.home) as spark:
        given = spark.read(search.ratings).select(USER, ITEM)
        ordered = tie_order(model, search.counts, search.seed)
        rated = spark.read(_rated(spark, given, users, model.items[ordered]))
        fitted = _as_sparks(spark, model, ids_of(users), ordered)
        lists, waiting = [pl.DataFrame(schema=LISTED)], np.arange(len(users))
        asked = WIDER * search.count
        while len(waiting):
            everything = asked >= len(ordered)
            best = _asked(spark, fitted, rated, waiting, (asked, wanted))
            done = waiting if everything else _complete(best, wanted)
            lists.append(best.filter(pl.col(OWNER).is_in(done)))
            waiting, asked = np.setdiff1d(waiting, done), WIDER * asked
            search.advance(len(done))
    return _table(model, users, pl.concat(lists), ordered, search.count)


def _rated(spark: Spark, given: Any, users: pl.Series, items: Ids) -> Path:  # noqa: ANN401
    """Who rated what, as numbers: of users their row in `users`, of items that in `items`."""
    numbers = {OWNER: users.alias(USER), TIE: pl.Series(ITEM, items.tolist())}
    for number, ids in numbers.items():
        file = spark.folder / f"{number}.parquet"
        ids.to_frame().with_columns(_numbers(len(ids)).alias(number)).write_parquet(file)
        given = given.join(spark.read(file), ids.name)
    return spark.write(given.select(OWNER, TIE), "rated")


def _as_sparks(spark: Spark, model: FactorModel, users: Ids, ordered: Places) -> Any:  # noqa: ANN401
    """The vectors as Spark's own model, which can only be loaded: its ids are rows and ties."""
    from pyspark.ml.recommendation import ALSModel  # noqa: PLC0415

    index, known = positions(model.users, users)
    vectors = model.user_factors[index] * known[:, None]
    folder = spark.folder / "model"
    _write_vectors(folder / "userFactors", vectors)
    _write_vectors(folder / "itemFactors", model.item_factors[ordered])
    metadata = {
        "class": "org.apache.spark.ml.recommendation.ALSModel",
        "timestamp": 0,
        "sparkVersion": spark.sql.version,
        "uid": "ALS_palate",
        "paramMap": {"userCol": OWNER, "itemCol": TIE},
        "defaultParamMap": {},
        "rank": model.item_factors.shape[1],
    }
    (folder / "metadata").mkdir()
    (folder / "metadata" / "part-00000").write_text(json.dumps(metadata) + "\n", encoding="utf-8")
    return ALSModel.load(f"file:{folder}")


def _write_vectors(folder: Path, vectors: NDArray[np.floating[Any]]) -> None:
    folder.mkdir(parents=True)
    lists = pl.Series(FEATURES, vectors.astype(np.float32)).arr.to_list()
    pl.DataFrame({"id": _numbers(len(vectors)), FEATURES: lists}).write_parquet(
        folder / "part-0.parquet"
    )


def _numbers(count: int) -> pl.Series:
    return pl.int_range(count, dtype=pl.Int32, eager=True)


def _asked(
    spark: Spark,
    fitted: Any,  # noqa: ANN401
    rated: Any,  # noqa: ANN401
    waiting: Places,
    counts: tuple[int, int],
) -> pl.DataFrame:
    """Owner, tie, estimate and the lowest estimate listed, of the best unrated of each.

    `counts`: how many to ask for, and how many of these to keep.
    """
    from pyspark.sql import Window, functions  # noqa: PLC0415

    asked, kept = counts
    name = f"asked-{asked}"
    file = spark.folder / f"{name}.parquet"
    pl.DataFrame({OWNER: waiting.astype(np.int32)}).write_parquet(file)
    listed = fitted.recommendForUserSubset(spark.read(file), asked)
    last = functions.element_at("recommendations", -1)["rating"].alias(LOWEST)
    each = listed.select(OWNER, last, functions.explode("recommendations").alias("one"))
    pairs = each.select(OWNER, LOWEST, f"one.{TIE}", functions.col("one.rating").alias(ESTIMATE))
    best_first = Window.partitionBy(OWNER).orderBy(functions.desc(ESTIMATE), TIE)
    unrated = pairs.join(rated, [OWNER, TIE], "left_anti")
    placed = unrated.withColumn(PLACE, functions.row_number().over(best_first))
    return parquet_of(spark.write(placed.where(placed[PLACE] <= kept).select(*LISTED), name))


def _complete(best: pl.DataFrame, wanted: int) -> Places:
    """The owners with `wanted` items above their lists' last: nothing left out equals these."""
    above = best.filter(pl.col(ESTIMATE) > pl.col(LOWEST))
    enough = above.group_by(OWNER).len().filter(pl.col("len") >= wanted)
    return enough[OWNER].sort().cast(pl.Int64).to_numpy()


def _table(
    model: FactorModel,
    users: pl.Series,
    listed: pl.DataFrame,
    ordered: Places,
    count: int,
) -> pl.DataFrame:
    """The pairs in the order of their exact estimates."""
    pairs = listed.select(
        OWNER,
        TIE,
        users.gather(listed[OWNER]).alias(USER),
        catalogue_of(model).gather(ordered[listed[TIE].to_numpy()]),
    )
    exact = pairs.with_columns(pl.Series(ESTIMATE, pair_estimates(model, pairs)))
    best = exact.sort([OWNER, ESTIMATE, TIE], descending=[False, True, False])
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(OWNER).alias(BASE_RANK)
    ranked = best.with_columns(place).filter(pl.col(BASE_RANK) <= count)
    return ranked.select(USER, ITEM, ESTIMATE, BASE_RANK)
