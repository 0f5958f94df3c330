"""What a similarity means for one person: how the scorer judges items that they have rated.

A line per person maps score to rating, from anchors: some of their own train ratings. None of them
stands in their profile, where the scorer has read the rating, or would meet the item itself. So
they lack the favourites, and the level of what is predicted errs low.
"""

import polars as pl

from tasks.core.vocabulary import (
    DISLIKED,
    ESTIMATE,
    FAVOURITES,
    ITEM,
    RATING,
    SIMILARITY,
    TIMESTAMP,
    USER,
)

ANCHORS = 10
"""Per person at most, half of them the highest rated outside the profile, half the lowest."""

MOST_WORTH = 1e6
"""Anchors that the line of all people counts for where people do not differ: it is everybody's."""

FEWEST_POINTS = 3
SMALLEST_SPREAD = 1e-9


def choose_anchors(profiles: pl.DataFrame, ratings: pl.DataFrame) -> pl.DataFrame:
    """User, item, rating, and an estimate that nobody has made; sorted by user, highest first.

    `ratings` must be train ratings only. Of equal ratings the latest, then by item id.
    """
    named = pl.concat(
        profiles.select(USER, pl.col(column))
        .explode(column)
        .drop_nulls(column)
        .select(USER, pl.col(column).struct.field(ITEM))
        for column in (FAVOURITES, DISLIKED)
    )
    theirs = ratings.join(profiles.select(USER), on=USER, how="semi")
    others = theirs.join(named, on=[USER, ITEM], how="anti").sort(
        [USER, RATING, TIMESTAMP, ITEM], descending=[False, True, True, False], nulls_last=True
    )
    place = pl.int_range(pl.len()).over(USER)
    ends = (place < ANCHORS // 2) | (place >= pl.len().over(USER) - ANCHORS // 2)
    chosen = others.filter(ends)
    return chosen.select(USER, ITEM, RATING, pl.lit(None, pl.Float64).alias(ESTIMATE))


def calibrated(
    scores: pl.DataFrame,
    judged: pl.DataFrame,
    anchors: pl.DataFrame,
    ratings: pl.DataFrame,
    scale: tuple[float, float],
) -> pl.DataFrame:
    """The scores with the predicted rating, relative to the user's mean, for a similarity.

    In units of half the scale, so that [-1, 1] spans it; clipped. `judged` are the anchors'
    scores. Ridge regression towards the line of all people (of all anchors alike): with
    x the score in the deviations of all anchors and y the rating less the user's train mean,
    minimises sum (y - a - b x)^2 + k ((a - a0)^2 + (b - b0)^2) per user, k as in `worth`. Null
    stays null; where no two anchors' scores differ, everything stays as it is.
    """
    means = ratings.group_by(USER).agg(pl.col(RATING).mean().alias("mean"))
    points = (
        anchors.join(judged, on=[USER, ITEM], how="inner")
        .drop_nulls(SIMILARITY)
        .join(means, on=USER)
        .sort(USER, ITEM)
        .select(USER, x=SIMILARITY, y=pl.col(RATING) - pl.col("mean"))
    )
    centre, spread = _moments(points)
    if spread < SMALLEST_SPREAD:
        return scores
    points = points.with_columns((pl.col("x") - centre) / spread)
    lines = scores.select(USER).unique().join(_lines(points), on=USER, how="left")
    level, slope = _line_of_all(points)
    known = scores.join(lines, on=USER, how="left", maintain_order="left")
    x = (pl.col(SIMILARITY) - centre) / spread
    predicted = pl.col("level").fill_null(level) + pl.col("slope").fill_null(slope) * x
    half = (scale[1] - scale[0]) / 2
    return known.select(USER, ITEM, (predicted / half).clip(-1.0, 1.0).alias(SIMILARITY))


def _moments(points: pl.DataFrame) -> tuple[float, float]:
    found = points.select(pl.col("x").mean().alias("mean"), pl.col("x").std(ddof=0).alias("std"))
    mean, std = found.row(0)
    return mean or 0.0, std or 0.0


def _line_of_all(points: pl.DataFrame) -> tuple[float, float]:
    """Level and slope by least squares; x has mean 0 and deviation 1."""
    level, slope = points.select(pl.col("y").mean(), pl.col("x").dot(pl.col("y")) / pl.len()).row(0)
    return level, slope


def worth(points: pl.DataFrame) -> float:
    """How many anchors of their own the line of all people counts for in a person's line.

    The variance of ratings around people's own lines over that of the lines' slopes, which is what
    these differ by beyond chance (method of moments, DerSimonian & Laird 1986).
    """
    x, y = (pl.col(name) - pl.col(name).mean() for name in ("x", "y"))
    own = points.group_by(USER, maintain_order=True).agg(
        n=pl.len(), xx=(x * x).sum(), xy=(x * y).sum(), yy=(y * y).sum()
    )
    own = own.filter((pl.col("n") >= FEWEST_POINTS) & (pl.col("xx") > SMALLEST_SPREAD))
    slope, left = pl.col("xy") / pl.col("xx"), pl.col("yy") - pl.col("xy") ** 2 / pl.col("xx")
    noise = own.select(left.sum() / (pl.col("n") - 2).sum()).item()
    if own.height < 2 or not noise:
        return MOST_WORTH
    weight = pl.col("xx") / noise
    mean = (weight * slope).sum() / weight.sum()
    beyond = (weight * (slope - mean) ** 2).sum() - (pl.len() - 1)
    differ = own.select(beyond / (weight.sum() - (weight**2).sum() / weight.sum())).item()
    return float(noise / max(differ, noise / MOST_WORTH))


def _lines(points: pl.DataFrame) -> pl.DataFrame:
    """User, level, slope: the 2 x 2 normal equations of each user, solved."""
    k, (a0, b0) = worth(points), _line_of_all(points)
    sums = points.group_by(USER).agg(
        n=pl.len() + k,
        x=pl.col("x").sum(),
        xx=pl.col("x").pow(2).sum() + k,
        y=pl.col("y").sum() + k * a0,
        xy=pl.col("x").dot(pl.col("y")) + k * b0,
    )
    size = pl.col("n") * pl.col("xx") - pl.col("x") ** 2
    return sums.select(
        USER,
        level=(pl.col("xx") * pl.col("y") - pl.col("x") * pl.col("xy")) / size,
        slope=(pl.col("n") * pl.col("xy") - pl.col("x") * pl.col("y")) / size,
    )
