"""Cold items: whether items are found that nobody has rated yet."""

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM
from tasks.evaluation.splits.draws import some_of
from tasks.evaluation.splits.parts import Parts, with_both_sides

SHARE_NEW = 0.1


def cold_item(ratings: pl.DataFrame, seed: int) -> Parts:
    """A tenth of the rated items (at least one) are new: all of their ratings are held out.

    The seed decides which items. A model that learns from ratings alone knows nothing of them; what
    describes them is all there is. Users are tested who rated a new item and an old one.
    """
    items = ratings[ITEM].unique().sort()
    new_items = some_of(items, SHARE_NEW, np.random.default_rng(seed))
    new = pl.col(ITEM).is_in(new_items.implode())
    return with_both_sides(ratings.filter(~new), ratings.filter(new), new_items)
