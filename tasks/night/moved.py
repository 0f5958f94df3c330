"""Whose rows differ between two nights, found in memory that grows with the users alone."""

import polars as pl

from tasks.core.vocabulary import USER

ROWS, HASH = "rows", "hash"


def moved(now: pl.LazyFrame, before: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tonight's and the earlier rows of the users whose rows are not the same, in any order.

    Both tables have the same columns and no row twice. Users are told apart by how many rows they
    have and by the exclusive or of these rows' 64-bit hashes.
    """
    tonight, earlier = _told(now), _told(before)
    on = [USER, ROWS, HASH]
    differing = [tonight.join(earlier, on=on, how="anti"), earlier.join(tonight, on=on, how="anti")]
    users = pl.concat(differing).select(USER).unique().lazy()
    rows = (night.join(users, on=USER, how="semi") for night in (now, before))
    mine, theirs = (some.collect(engine="streaming") for some in rows)
    return mine, theirs


def _told(rows: pl.LazyFrame) -> pl.DataFrame:
    names = sorted(rows.collect_schema().names())
    hashed = rows.select(USER, pl.struct(names).hash(seed=0).alias(HASH))
    told = hashed.group_by(USER).agg(pl.len().alias(ROWS), pl.col(HASH).bitwise_xor())
    return told.collect(engine="streaming")
