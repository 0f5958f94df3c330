"""An item's text against the texts of the items that a person rated, liked and disliked.

A person likes what they rated at least as high as they rate on the whole.
"""

import numpy as np

from tasks.core.arrays import Floats
from tasks.features.facts import Facts, Pairs, mean_by
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


@feature("disliked texts", GROUP, relative=True)
def all_disliked(facts: Facts, pairs: Pairs) -> Floats:
    """Mean cosine with the texts of the items that the user rated below their mean."""
    return _mean_cosine(facts, pairs, ~_liked(facts))


def _liked(facts: Facts) -> np.ndarray:
    """Whether each train rating (R,) is at least its user's mean."""
    usual = mean_by(facts.rater, facts.ratings, len(facts.users))
    liked: np.ndarray = facts.ratings >= usual[facts.rater] - 1e-9
    return liked


def _mean_cosine(facts: Facts, pairs: Pairs, chosen: np.ndarray) -> Floats:
    """The mean of cosines is the cosine-like product with the mean vector."""
    sums = np.zeros((len(facts.users), facts.vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, facts.rater[chosen], facts.vectors[facts.rated[chosen]])
    count = np.bincount(facts.rater[chosen], minlength=len(facts.users))
    means = sums / np.maximum(count, 1)[:, None]
    starts = np.searchsorted(pairs.user, np.arange(len(facts.users) + 1))
    values = np.full(len(pairs.user), np.nan)
    for user in np.flatnonzero(np.diff(starts) * count):
        mine = slice(starts[user], starts[user + 1])
        values[mine] = facts.vectors[pairs.item[mine]] @ means[user]
    return values


def _nearest(facts: Facts, pairs: Pairs) -> tuple[Floats, Floats]:
    """Per pair the highest cosine with a liked item of its user, and the mean of the 3 highest.

    NaN without any.
    """
    if "nearest" not in facts.memo:
        liked = _liked(facts)
        rater, rated = facts.rater[liked], facts.rated[liked]
        whole = np.arange(len(facts.users) + 1)
        known, asked = np.searchsorted(rater, whole), np.searchsorted(pairs.user, whole)
        first, mean = np.full((2, len(pairs.user)), np.nan)
        for user in np.flatnonzero(np.diff(asked) * np.diff(known)):
            mine = slice(asked[user], asked[user + 1])
            theirs = facts.vectors[rated[known[user] : known[user + 1]]]
            cosines = facts.vectors[pairs.item[mine]] @ theirs.T
            count = min(NEAREST, cosines.shape[1])
            highest = np.partition(cosines, -count, axis=1)[:, -count:]
            first[mine], mean[mine] = highest.max(axis=1), highest.mean(axis=1)
        facts.memo["nearest"] = first, mean
    first, mean = facts.memo["nearest"]
    return first, mean
