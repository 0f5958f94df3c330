"""In what order people rate: what is rated together is often found together."""

import numpy as np
from scipy.sparse import csr_array

from tasks.features.facts import Facts, Ints, Pairs
from tasks.features.registry import COLLABORATIVE, feature
from tasks.models.base import Floats

REACH = 5
SHRINK = 3.0
BLOCK_CELLS = 8_000_000


@feature("rated close together", COLLABORATIVE, relative=True)
def close_together(facts: Facts, pairs: Pairs) -> Floats:
    """Over the user's items: how close to each those who rated both rated this one, summed.

    A person who rated both within 5 places counts 1 / sqrt(places apart), the others 0; the mean
    over them is shrunk as if by three others. NaN without timestamps.
    """
    if facts.years is None:
        return np.full(len(pairs.user), np.nan)
    order = np.lexsort((facts.rated, facts.years, facts.rater))
    shape = (len(facts.users), len(facts.items))
    rated = csr_array((np.ones(len(facts.rater)), (facts.rater, facts.rated)), shape=shape)
    return _of_pairs(rated, _closeness(facts, rated, order), pairs)


def _closeness(facts: Facts, rated: csr_array, order: Ints) -> csr_array:
    """Sparse (I, I): the shrunk mean closeness of two items, symmetric; `order` is people's own."""
    who, what = facts.rater[order], facts.rated[order]
    summed = csr_array((len(facts.items), len(facts.items)))
    for apart in range(1, min(REACH, len(who) - 1) + 1):
        same = who[apart:] == who[:-apart]
        near = what[:-apart][same], what[apart:][same]
        summed = summed + csr_array((np.full(len(near[0]), apart**-0.5), near), shape=summed.shape)
    summed = csr_array(summed + summed.T)
    both = (rated.T @ rated).multiply(summed > 0)
    return csr_array(summed.multiply((both + SHRINK * (summed > 0)).power(-1)))


def _of_pairs(rated: csr_array, closeness: csr_array, pairs: Pairs) -> Floats:
    """The product of both at the pairs (P,), some users at a time."""
    values = np.zeros(len(pairs.user))
    size = max(1, BLOCK_CELLS // rated.shape[1])
    for start in range(0, rated.shape[0], size):
        first, last = np.searchsorted(pairs.user, [start, start + size])
        block = (rated[start : start + size] @ closeness).toarray()
        values[first:last] = block[pairs.user[first:last] - start, pairs.item[first:last]]
    return values
