"""Lists of others ordered anew by language models: alone, and on top of the learned order."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, SCORE, SIMILARITY, USER, Artifact
from tasks.evaluation.judgements.comparing import JudgedLists
from tasks.evaluation.judgements.truth import DRAWS, LEARNED, HeldOutOf, Truth, logit, truth_of
from tasks.models.candidates import COUNT

THEIR_BASE, POPULAR = "their base order", "most popular"


@stage("measure orders of others", "1", "numpy", "polars", "scikit-learn", role="figures")
def measure_orders_stage(
    home: Path,
    base: Artifact,
    judges: dict[str, Artifact],
    first: int,
    ranked: Artifact,
    held_out: HeldOutOf,
) -> Artifact:
    """Rows of what the orders of `judges` are worth on the `first` items of the list `base`.

    `base` and `judges` (user, item, similarity) are as recorded; `ranked` are our lists, with every
    pair of `base` among them.
    """
    with bar("measuring orders"):
        truth = truth_of(home, held_out)
        orders = {name: read_table(home, order) for name, order in judges.items()}
        often = read_table(home, held_out.counts).select(ITEM, pl.col(COUNT).log1p().alias(POPULAR))
        scores = read_table(home, ranked).select(USER, ITEM, logit(pl.col(SCORE)).alias(LEARNED))
        listed = first_of(read_table(home, base), first)
        table = listed.join(scores, on=[USER, ITEM]).join(often, on=ITEM, how="left")
        table = table.with_columns(pl.col(POPULAR).fill_null(0.0)).sort(USER, ITEM)
        for name, order in orders.items():
            table = with_order(table, name, order)
        measured = _measured(truth.marked(table), orders, truth)
        return write_table(home, "judgements", measured.rows())


def first_of(order: pl.DataFrame, first: int) -> pl.DataFrame:
    """The first items of each user's order (user, item, similarity), with what their place says."""
    place = pl.col(SIMILARITY).rank("ordinal", descending=True).over(USER)
    told = order.select(USER, ITEM, (-place.cast(pl.Float64).log()).alias(THEIR_BASE))
    head = told.filter(pl.col(THEIR_BASE) >= -np.log(first) - 1e-9)
    return head.sort(USER, THEIR_BASE, descending=[False, True])


def columns_of(judge: str) -> tuple[str, str]:
    """The columns of an order: its score, and the log of its place."""
    return f"{judge}: score", f"{judge}: place"


def with_order(table: pl.DataFrame, judge: str, order: pl.DataFrame) -> pl.DataFrame:
    """The pairs with an order's columns; what it left out comes after the last that it placed."""
    score, place = columns_of(judge)
    placed = pl.col(SIMILARITY).rank("ordinal", descending=True).over(USER)
    own = order.select(
        USER, ITEM, pl.col(SIMILARITY).alias(score), (-placed.cast(pl.Float64).log()).alias(place)
    )
    last = own.group_by(USER).agg((-(pl.len() + 1.0).log()).alias("last"))
    joined = table.join(own, on=[USER, ITEM], how="left").join(last, on=USER, how="left")
    unplaced = pl.col(place).fill_null(pl.col("last").fill_null(0.0))
    return joined.with_columns(pl.col(score).fill_null(0.0), unplaced).drop("last").sort(USER, ITEM)


def _measured(table: pl.DataFrame, orders: Mapping[str, pl.DataFrame], truth: Truth) -> JudgedLists:
    made = JudgedLists("orders", truth.seed)
    made.add(THEIR_BASE, truth.alone(table, THEIR_BASE))
    made.add(POPULAR, truth.alone(table, POPULAR), against=[THEIR_BASE])
    made.add(LEARNED, truth.alone(table, LEARNED), against=[THEIR_BASE])
    ours, both = [LEARNED], f"{LEARNED} + {THEIR_BASE}"
    theirs = [*ours, THEIR_BASE]
    made.add(both, truth.blended(table, theirs), against=[LEARNED])
    for judge, order in orders.items():
        known = order.filter(pl.col(USER).is_in(truth.ground.users.implode()))
        alone = dict.fromkeys(range(DRAWS), truth.of(known.rename({SIMILARITY: SCORE})))
        made.add(judge, alone, judge, against=[THEIR_BASE])
        columns = columns_of(judge)
        on_ours, on_both = f"{LEARNED} + {judge}", f"{both} + {judge}"
        made.add(on_ours, truth.blended(table, [*ours, *columns]), judge, against=[LEARNED])
        made.add(on_both, truth.blended(table, [*theirs, *columns]), judge, against=[both])
    return made
