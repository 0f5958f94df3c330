"""Whether probabilities mean what they say: of ten candidates with .1 one comes true."""

import polars as pl

from tasks.core.vocabulary import ITEM, RATING, SCORE, USER

BINS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""Edges: most candidates have little chance, so equal steps would put nearly all in one bin."""


def reliability(
    lists: pl.DataFrame, held_out: pl.DataFrame, relevant_at: float | None
) -> pl.DataFrame:
    """Lowest, highest, pairs, foretold, happened: of candidates by the probability in `score`.

    `foretold`: their mean probability; `happened`: the share that was held out, and rated
    `relevant_at` or more if that is given (Murphy and Winkler 1977). Bins without pairs are left
    out.
    """
    hits = held_out if relevant_at is None else held_out.filter(pl.col(RATING) >= relevant_at)
    came = hits.select(USER, ITEM, pl.lit(1.0).alias("came"))
    scored = lists.select(USER, ITEM, SCORE).join(came, on=[USER, ITEM], how="left")
    edge = pl.Series(BINS[1:-1])
    placed = scored.with_columns(
        pl.col(SCORE).map_batches(lambda s: edge.search_sorted(s, side="right")).alias("bin"),
        pl.col("came").fill_null(0.0),
    )
    table = placed.group_by("bin").agg(
        pl.len().alias("pairs"),
        pl.col(SCORE).mean().alias("foretold"),
        pl.col("came").mean().alias("happened"),
    )
    lowest, highest = (
        pl.col("bin").replace_strict(dict(enumerate(some)), return_dtype=pl.Float64)
        for some in (BINS[:-1], BINS[1:])
    )
    return (
        table.sort("bin")
        .with_columns(lowest.alias("lowest"), highest.alias("highest"))
        .select("lowest", "highest", pl.col("pairs").cast(pl.Int64), "foretold", "happened")
    )
