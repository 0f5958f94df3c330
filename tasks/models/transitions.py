"""What people rate next: the shares of what follows an item, and what somebody rated last."""

import numpy as np
import scipy

from tasks.core.arrays import Floats, Places, within
from tasks.models.base import Matrix

REACH = 5
"""Places after an item within which another one follows it."""
NEXT_SHRINK = 10.0
NEXT_YEARS = 1.0
"""After so many years a next rating counts 1/e."""
LAST_ITEMS, NEXT_DECAY = 20, 0.8


def transitions(rater: Places, rated: Places, years: Floats, order: Places, items: int) -> Matrix:
    """Sparse (I, I): how often who rated the item of the row rated that of the column soon after.

    `order` sorts the ratings by user and time. Within 5 places a person counts
    1 / sqrt(places apart), less the longer ago (`NEXT_YEARS`); what follows an item is a share of
    all its ratings, shrunk as if by ten more.
    """
    who, what = rater[order], rated[order]
    weight = np.exp((years[order] - years.max(initial=-np.inf)) / NEXT_YEARS)
    summed = scipy.sparse.csr_array((items, items))
    for apart in range(1, min(REACH, len(who) - 1) + 1):
        same = who[apart:] == who[:-apart]
        pair = what[:-apart][same], what[apart:][same]
        summed = summed + scipy.sparse.csr_array(
            (weight[apart:][same] * apart**-0.5, pair), summed.shape
        )
    total = np.bincount(what, weight, items) + NEXT_SHRINK
    return scipy.sparse.csr_array(scipy.sparse.diags_array(1.0 / total) @ summed)


def last_items(rater: Places, rated: Places, years: Floats, shape: tuple[int, int]) -> Matrix:
    """Sparse (U, I): each user's last 20 items, 1 for the newest and .8 for each place from it.

    Among ratings of one time those that come first in the arrays count as newer.
    """
    newest_first = np.lexsort((-years, rater))
    place = np.empty(len(rater), dtype=np.int64)
    place[newest_first] = within(np.bincount(rater, minlength=shape[0]))
    near = place < LAST_ITEMS
    return scipy.sparse.csr_array(
        (NEXT_DECAY ** place[near], (rater[near], rated[near])), shape=shape
    )
