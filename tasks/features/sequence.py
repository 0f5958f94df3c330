"""In what order people rate: what is rated together is often found together."""

import numpy as np
from scipy.sparse import csr_array

from tasks.core.arrays import Floats
from tasks.features.facts import BLOCK_CELLS, Facts, Pairs
from tasks.features.registry import COLLABORATIVE, feature

SEQUENCE = "rated close together"


@feature(
    SEQUENCE,
    COLLABORATIVE,
    relative=True,
    reason="often rated next to what you rated",
)
def close_together(facts: Facts, pairs: Pairs) -> Floats:
    """Over the user's items: how close to each those who rated both rated this one, summed.

    See `item_facts` for how close two items are. NaN without timestamps.
    """
    closeness = facts.all_ratings.closeness
    if closeness is None:
        return np.full(len(pairs.user), np.nan)
    shape = (len(facts.users), len(facts.items))
    rated = csr_array((np.ones(len(facts.rater)), (facts.rater, facts.rated)), shape=shape)
    return of_pairs(rated, closeness, pairs)


def of_pairs(rated: csr_array, closeness: csr_array, pairs: Pairs) -> Floats:
    """The product of both at the pairs (P,), some users at a time."""
    values = np.zeros(len(pairs.user))
    size = max(1, BLOCK_CELLS // rated.shape[1])
    for start in range(0, rated.shape[0], size):
        first, last = np.searchsorted(pairs.user, [start, start + size])
        block = (rated[start : start + size] @ closeness).toarray()
        values[first:last] = block[pairs.user[first:last] - start, pairs.item[first:last]]
    return values
