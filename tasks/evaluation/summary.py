"""From the values of single splits to a cell's figures: means with intervals, and comparisons."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from tasks.core.vocabulary import BASE_RANK, RANK, USER
from tasks.evaluation import measures, significance
from tasks.evaluation.measures import GroundTruth
from tasks.evaluation.significance import MetricSums, SeedInterval

LISTS = {"base": BASE_RANK, "reranked": RANK}

SUMMARY = {
    "list": pl.String(),
    "metric": pl.String(),
    "k": pl.Int32(),
    "mean": pl.Float64(),
    "sd": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "seeds": pl.Int32(),
    "users": pl.Int64(),
}


def values_per_user(
    ranked: pl.DataFrame, truth: GroundTruth, count: int, ks: Sequence[int]
) -> pl.DataFrame:
    """List, user and every metric at every k as a column: one split's."""
    sides = [
        measures.per_user(ranked, column, truth, count, ks).select(
            pl.lit(name).alias("list"), pl.all()
        )
        for name, column in LISTS.items()
    ]
    return pl.concat(sides)


def values_overall(
    ranked: pl.DataFrame, truth: GroundTruth, errors: Mapping[str, float], ks: Sequence[int]
) -> pl.DataFrame:
    """List, name, value of what is measured once per split; `errors` are the base model's."""
    values = {name: measures.overall(ranked, column, truth, ks) for name, column in LISTS.items()}
    values["base"] |= errors
    rows = [(side, name, value) for side, some in values.items() for name, value in some.items()]
    table = pl.DataFrame(rows, schema=["list", "name", "value"], orient="row")
    return table.with_columns(pl.col("value").cast(pl.Float64).fill_nan(None))


def summarise(
    per_user: Sequence[pl.DataFrame], overall: Sequence[pl.DataFrame], seed: int
) -> pl.DataFrame:
    """A row per list, metric and k with the columns of SUMMARY; undefined metrics are left out.

    `per_user` (list, user, metrics ...) and `overall` (list, name, value) hold one frame per
    split. The mean of per-user values is over all users and splits, its interval a bootstrap
    over users; a value of whole lists has a t-interval over splits.
    """
    rows = []
    for name in LISTS:
        mine = [frame.filter(list=name).drop("list") for frame in per_user]
        rows += _of_users(name, mine, seed)
        rows += _of_lists(name, [frame.filter(list=name) for frame in overall])
    return pl.DataFrame(rows, schema=SUMMARY, orient="row")


def compare(
    ours: Mapping[int, pl.DataFrame], theirs: Mapping[int, pl.DataFrame], seed: int
) -> pl.DataFrame:
    """Metric, k, difference (ours - theirs), low, high, p_value, better, worse, users, seeds.

    Both map a split's seed to (user, metrics ...). Metrics that nobody has in both are left out.
    """
    table = significance.paired(ours, theirs, seed)
    splits = len(ours.keys() & theirs.keys())
    defined = table.drop_nulls(["difference", "low", "high", "p_value"])
    return defined.select(
        *named("metric"), pl.exclude("metric"), pl.lit(splits, pl.Int32).alias("seeds")
    )


def named(column: str) -> tuple[pl.Expr, pl.Expr]:
    """Metric and k of names such as "NDCG@10"; k is 0 where a name has none."""
    parts = pl.col(column).str.split("@")
    k = parts.list.get(1, null_on_oob=True).cast(pl.Int32).fill_null(0)
    return parts.list.first().alias("metric"), k.alias("k")


def _of_users(name: str, frames: Sequence[pl.DataFrame], seed: int) -> list[tuple[object, ...]]:
    totals = significance.user_sums(frames)
    low, high = significance.bootstrap_intervals(totals.sums, totals.counts, seed)
    spreads = _spreads(frames, totals)
    means, people = totals.means(), np.count_nonzero(totals.counts, axis=0)
    rows = zip(totals.metrics, means, spreads, low, high, people, strict=True)
    return [
        (name, *_split(metric), mean, sd, least, most, len(frames), users)
        for metric, mean, sd, least, most, users in rows
        if users
    ]


def _spreads(frames: Sequence[pl.DataFrame], totals: MetricSums) -> list[float | None]:
    """Per metric the standard deviation of the splits' means."""
    means = pl.concat([frame.drop(USER).mean() for frame in frames])
    return [means[metric].std() for metric in totals.metrics]  # type: ignore[misc]


def _of_lists(name: str, frames: Sequence[pl.DataFrame]) -> list[tuple[object, ...]]:
    values = pl.concat(frames).drop_nulls("value")
    rows: list[tuple[object, ...]] = []
    for (metric,), mine in values.group_by("name", maintain_order=True):
        summary: SeedInterval = significance.seed_interval(mine["value"].to_list())
        rows.append((name, *_split(str(metric)), *summary, mine.height, None))
    return rows


def _split(name: str) -> tuple[str, int]:
    metric, _, k = name.partition("@")
    return metric, int(k or 0)
