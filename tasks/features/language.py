"""An item's text against the texts of the items that a person rated, liked and disliked.

A person likes what they rated at least as high as they rate on the whole.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.core.arrays import Floats
from tasks.features.facts import BLOCK_CELLS, Facts, Ints, Pairs, at_pairs, mean_by
from tasks.features.registry import feature
from tasks.models.base import SIMILAR_TEXT

GROUP = "language"
NEAREST = 3


@feature("nearest liked text", GROUP, relative=True, reason=SIMILAR_TEXT)
def nearest(facts: Facts, pairs: Pairs) -> Floats:
    """The highest cosine with the text of an item that the user liked."""
    return _nearest(facts, pairs)[0]


@feature("three nearest liked texts", GROUP, relative=True, reason=SIMILAR_TEXT)
def three_nearest(facts: Facts, pairs: Pairs) -> Floats:
    """Mean of the three highest cosines with texts of liked items."""
    return _nearest(facts, pairs)[1]


@feature("liked texts", GROUP, relative=True, reason=SIMILAR_TEXT)
def all_liked(facts: Facts, pairs: Pairs) -> Floats:
    """Mean cosine with the texts of all liked items."""
    return _mean_cosine(facts, pairs, _liked(facts))


@feature("disliked texts", GROUP, relative=True, of_ratings=True)
def all_disliked(facts: Facts, pairs: Pairs) -> Floats:
    """Mean cosine with the texts of the items that the user rated below their mean."""
    return _mean_cosine(facts, pairs, ~_liked(facts))


def _liked(facts: Facts) -> np.ndarray:
    """Whether each train rating (R,) is at least its user's mean."""
    usual = mean_by(facts.rater, facts.ratings, len(facts.users))
    liked: np.ndarray = facts.ratings >= usual[facts.rater] - 1e-9
    return liked


def _mean_cosine(facts: Facts, pairs: Pairs, chosen: np.ndarray) -> Floats:
    """The mean of cosines is the product with the mean vector; NaN without any chosen."""
    shape = (len(facts.users), len(facts.items))
    count = np.bincount(facts.rater[chosen], minlength=len(facts.users))
    share = (1.0 / np.maximum(count, 1)).astype(np.float32)[facts.rater[chosen]]
    theirs = csr_array((share, (facts.rater[chosen], facts.rated[chosen])), shape=shape)
    values = at_pairs(theirs @ facts.vectors, facts.vectors, pairs)
    return np.where(count[pairs.user] > 0, values, np.nan)


def _nearest(facts: Facts, pairs: Pairs) -> tuple[Floats, Floats]:
    """Per pair the highest cosine with a liked item of its user, and the mean of the 3 highest.

    NaN without any.
    """
    if "nearest" not in facts.memo:
        liked = _liked(facts)
        rater, rated = facts.rater[liked], facts.rated[liked]
        whole = np.arange(len(facts.users) + 1)
        known, asked = np.searchsorted(rater, whole), np.searchsorted(pairs.user, whole)
        cosines = _cosines(facts, pairs.item, rated)
        first, mean = np.full((2, len(pairs.user)), np.nan)
        for user in np.flatnonzero(np.diff(asked) * np.diff(known)):
            mine = slice(asked[user], asked[user + 1])
            theirs = cosines(mine, slice(known[user], known[user + 1]))
            count = min(NEAREST, theirs.shape[1])
            highest = np.partition(theirs, -count, axis=1)[:, -count:]
            first[mine], mean[mine] = highest.max(axis=1), highest.mean(axis=1)
        facts.memo["nearest"] = first, mean
    first, mean = facts.memo["nearest"]
    return first, mean


def _cosines(
    facts: Facts, asked: Ints, liked: Ints
) -> Callable[[slice, slice], NDArray[np.float32]]:
    """The cosines of some of the items asked about with some of those liked.

    People share items: where all of theirs fit in memory, each pair of items is looked at once.
    """
    items, of_asked = np.unique(asked, return_inverse=True)
    others, of_liked = np.unique(liked, return_inverse=True)
    if len(items) * len(others) > BLOCK_CELLS:
        return lambda some, theirs: facts.vectors[asked[some]] @ facts.vectors[liked[theirs]].T
    whole = facts.vectors.astype(np.float64)
    table = (whole[items] @ whole[others].T).astype(np.float32)  # rounded alike, whoever is here
    return lambda some, theirs: table[of_asked[some][:, None], of_liked[theirs]]
