"""The 75/25 split stratified by item: how good a whole list is (PAPER.md, protocol P2)."""

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM
from tasks.evaluation.splits.draws import three_quarters
from tasks.evaluation.splits.parts import Parts, with_both_sides


def item_split(ratings: pl.DataFrame, seed: int) -> Parts:
    """Of an item's n ratings round(0.75 n) are train and the rest is held out, for list metrics.

    Half rounds to even: 2 of 2, 4 of 6. So items with one rating (3,446 in MovieLens-Latest-Small)
    or two stay in train: they can be recommended and are never a hit. On that data set the rule
    reproduces the SVD row of PAPER.md's table P2, NDCG@10 .090, within the spread over seeds. The
    seed decides which ratings of an item are held out. Users are tested who have ratings on both
    sides.
    """
    train, held_out = three_quarters(ratings, ITEM, np.random.default_rng(seed))
    rare = train.filter(~pl.col(ITEM).is_in(held_out[ITEM].unique().implode())).height
    return with_both_sides(train, held_out, skipped={"ratings of items rated once or twice": rare})
