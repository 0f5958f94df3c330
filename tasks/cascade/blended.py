"""Lists whose heads a language model has judged: their new order, and what speaks for an item."""

import polars as pl

from tasks.cascade.blend import HeadBlend, blended_probabilities
from tasks.core.vocabulary import ITEM, RANK, REASONS, SCORE, SIMILARITY, USER
from tasks.ranking.rankers import LEAST, STRONGEST

JUDGED_TO_FIT = "a language model says that it fits"
BETWEEN = "; "

TAIL, ADDED, LOGIT, OLD = "best behind", "added", "logit", "learned rank"


def blended_lists(lists: pl.DataFrame, heads: pl.DataFrame, blend: HeadBlend) -> pl.DataFrame:
    """The same rows, sorted by user and new rank: heads in the order of both, the rest behind them.

    `heads`: with SIMILARITY, the first places of some of the lists. Their scores become the blended
    probabilities, but never less than the best that stands behind the head.
    """
    if heads.is_empty():
        return lists
    logits = blend.logits(heads)
    judged = heads.select(
        USER,
        ITEM,
        SIMILARITY,
        pl.Series(LOGIT, logits),
        pl.Series(ADDED, blend.added(heads)),
        pl.Series("likely", blended_probabilities(heads, logits)),
    )
    joined = lists.drop(SIMILARITY).join(judged, on=[USER, ITEM], how="left", maintain_order="left")
    inside = pl.col(LOGIT).is_not_null()
    ordered = joined.with_columns(
        pl.col(RANK).alias(OLD),
        pl.col(SCORE).filter(~inside).max().over(USER).fill_null(0.0).alias(TAIL),
    ).sort([USER, LOGIT, RANK], descending=[False, True, False], nulls_last=True)
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER)
    likely = pl.max_horizontal("likely", TAIL)
    moved = ordered.with_columns(
        place.alias(RANK), pl.when(inside).then(likely).otherwise(SCORE).alias(SCORE)
    )
    return moved.with_columns(_reasons()).select(lists.columns)


def _reasons() -> pl.Expr:
    """What spoke for the item, the judgement first where that moved it up."""
    helped = (pl.col(ADDED) >= LEAST) & (pl.col(RANK) < pl.col(OLD))
    others = pl.col(REASONS).str.split(BETWEEN).list.head(STRONGEST - 1).list.join(BETWEEN)
    told = pl.concat_str(pl.lit(JUDGED_TO_FIT), others, separator=BETWEEN, ignore_nulls=True)
    return pl.when(helped).then(told).otherwise(REASONS).alias(REASONS)
