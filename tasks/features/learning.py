"""Rows of labelled feature tables that suffice to learn from."""

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM, USER
from tasks.features.table import LABEL, WHOLE

MISSES = 10
"""Candidates without a hit that are kept of a list: 30 or all of them taught no better order."""

WHOLE_USERS = 1000
"""People of a window whose lists are kept whole, to see how good and how likely an order is."""


def few_misses(table: pl.DataFrame, seed: int, count: int = MISSES) -> pl.DataFrame:
    """The rows of people with a hit: all hits, and of the other candidates up to `count` each.

    Lists without a hit teach no order. Which rows are kept depends on the person alone.
    """
    met = table.filter(pl.col(LABEL).any().over(USER))
    place = pl.struct(USER, ITEM).hash(seed).rank("ordinal").over(USER, LABEL)
    return met.filter(pl.col(LABEL) | (place <= count))


def trimmed(table: pl.DataFrame, whole: pl.Series, seed: int) -> pl.DataFrame:
    """All rows of the people in `whole`, `few_misses` of the others; WHOLE tells them apart."""
    everything = table.with_columns(pl.col(USER).is_in(whole.implode()).alias(WHOLE))
    kept = everything.filter(WHOLE)
    return pl.concat([kept, few_misses(everything.filter(~pl.col(WHOLE)), seed)]).sort(
        USER, maintain_order=True
    )


def drawn_users(users: pl.Series, seed: int) -> pl.Series:
    """A seeded draw of the people whose lists are kept whole."""
    draw = np.random.default_rng(seed).permutation(len(users))[:WHOLE_USERS]
    return users.gather(np.sort(draw))
