"""How often an item is rated: by everybody, and around the time at which a person rates."""

import numpy as np

from tasks.core.arrays import Floats
from tasks.features.facts import Facts, Pairs, at_pairs, mean_by
from tasks.features.item_facts import QUARTERS
from tasks.features.registry import feature
from tasks.models.base import RATED_BY_MANY

GROUP = "popularity"
SHRINK = 5.0
NEAR_QUARTERS = 4.0


@feature("log count", GROUP, reason=RATED_BY_MANY)
def log_count(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the item's train ratings."""
    return np.log1p(facts.all_ratings.counts)[pairs.item]


@feature("mean rating", GROUP, reason="rated highly on the whole", of_ratings=True)
def mean_rating(facts: Facts, pairs: Pairs) -> Floats:
    """The item's mean rating above everybody's, shrunk as if by five ratings at that mean."""
    known = facts.all_ratings
    mean: Floats = (known.above / (known.counts + SHRINK))[pairs.item]
    return mean


@feature("log history", GROUP)
def log_history(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + how many items the user rated: the same for all of a user's pairs."""
    return np.log1p(facts.history)[pairs.user]


@feature("count at the user's time", GROUP, relative=True, reason="much rated when you were rating")
def count_around(facts: Facts, pairs: Pairs) -> Floats:
    """Log share of the ratings around the user's mean time that are the item's.

    A Gaussian window of a year around it. NaN without timestamps or for a user without ratings.
    """
    counts = facts.all_ratings.by_quarter
    if counts is None or facts.years is None:
        return np.full(len(pairs.user), np.nan)
    step = np.trunc((facts.years - facts.all_ratings.start) * QUARTERS)
    when = mean_by(facts.rater, step, len(facts.users))
    apart = (np.arange(counts.shape[1])[None, :] - when[:, None]) / NEAR_QUARTERS
    window = np.exp(-0.5 * apart**2).astype(np.float32)
    near = at_pairs(window, counts, pairs)
    total = window.astype(np.float64) @ counts.sum(axis=0, dtype=np.float64)
    share = near / np.maximum(total[pairs.user], 1e-9)
    return np.where(facts.history[pairs.user] > 0, np.log1p(1000.0 * share), np.nan)
