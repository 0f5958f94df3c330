"""What is going on as of the newest rating: what is rated of late, what is new, who is active.

Each is NaN without timestamps.
"""

import numpy as np

from tasks.core.arrays import Floats
from tasks.features.facts import DAYS_PER_YEAR, WINDOWS, Facts, Pairs
from tasks.features.registry import TIME, feature
from tasks.features.sequence import of_pairs
from tasks.models.base import RATED_AFTER_YOURS, RATED_BY_MANY_LATELY
from tasks.models.transitions import last_items

SHRINK = 5.0
RATED_NEXT = "rated next"


def _lately(facts: Facts, pairs: Pairs, days: int) -> Floats:
    """Log of 1 + the item's ratings among a thousand of the last days (P,).

    A share, since there are more or fewer of them where times are coarse, or a data set grows.
    """
    counted = facts.all_ratings.lately
    if counted is None:
        return np.full(len(pairs.user), np.nan)
    rated = counted[:, WINDOWS.index(days)]
    among: Floats = np.log1p(1000 * rated / max(rated.sum(), 1))[pairs.item]
    return among


@feature("rated in 7 days", TIME, relative=True, reason=RATED_BY_MANY_LATELY)
def in_7_days(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the item's ratings among a thousand of the last 7 days."""
    return _lately(facts, pairs, 7)


@feature("rated in 14 days", TIME, relative=True, reason=RATED_BY_MANY_LATELY)
def in_14_days(facts: Facts, pairs: Pairs) -> Floats:
    """The same of the last 14 days."""
    return _lately(facts, pairs, 14)


@feature("rated in 30 days", TIME, relative=True, reason=RATED_BY_MANY_LATELY)
def in_30_days(facts: Facts, pairs: Pairs) -> Floats:
    """The same of the last 30 days."""
    return _lately(facts, pairs, 30)


@feature("rated in 90 days", TIME, relative=True, reason=RATED_BY_MANY_LATELY)
def in_90_days(facts: Facts, pairs: Pairs) -> Floats:
    """The same of the last 90 days."""
    return _lately(facts, pairs, 90)


@feature("rated in 180 days", TIME, reason=RATED_BY_MANY_LATELY)
def in_180_days(facts: Facts, pairs: Pairs) -> Floats:
    """The same of the last 180 days."""
    return _lately(facts, pairs, 180)


@feature("rated in 365 days", TIME, relative=True, reason=RATED_BY_MANY_LATELY)
def in_365_days(facts: Facts, pairs: Pairs) -> Floats:
    """The same of the last 365 days."""
    return _lately(facts, pairs, 365)


@feature("rising in 30 days", TIME, reason="rated more and more")
def rising_in_30_days(facts: Facts, pairs: Pairs) -> Floats:
    """How much higher the logarithm is of the last 30 days than of the last 90."""
    return _lately(facts, pairs, 30) - _lately(facts, pairs, 90)


@feature("rising in 90 days", TIME, reason="rated more and more")
def rising_in_90_days(facts: Facts, pairs: Pairs) -> Floats:
    """How much higher the logarithm is of the last 90 days than of the last 365."""
    return _lately(facts, pairs, 90) - _lately(facts, pairs, 365)


@feature("mean rating of late", TIME, reason="rated highly of late", of_ratings=True)
def mean_of_late(facts: Facts, pairs: Pairs) -> Floats:
    """The item's mean rating of the last year above everybody's, shrunk as by five at that mean."""
    known = facts.all_ratings
    if known.lately is None or known.lately_above is None:
        return np.full(len(pairs.user), np.nan)
    counts = known.lately[:, WINDOWS.index(365)]
    mean: Floats = (known.lately_above / (counts + SHRINK))[pairs.item]
    return mean


@feature("days since first rated", TIME)
def age_today(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the days from the item's first rating to the newest of all."""
    return _log_days(facts.all_ratings.first, facts, pairs)


@feature("days since last rated", TIME)
def quiet(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the days from the item's last rating to the newest of all."""
    return _log_days(facts.all_ratings.last, facts, pairs)


@feature("days since the user rated", TIME)
def away(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the days from the user's last rating to the newest of all."""
    if facts.years is None:
        return np.full(len(pairs.user), np.nan)
    last = np.full(len(facts.users), np.nan)
    np.fmax.at(last, facts.rater, facts.years)
    return np.log1p((facts.all_ratings.end - last[pairs.user]) * DAYS_PER_YEAR)


@feature(RATED_NEXT, TIME, relative=True, reason=RATED_AFTER_YOURS)
def rated_next(facts: Facts, pairs: Pairs) -> Floats:
    """Over the user's last items: how often people rated this one soon after each, summed.

    An item counts .8 for each place from the user's last rating. See `tasks.models.transitions`.
    NaN without timestamps.
    """
    nexts = facts.all_ratings.nexts
    if nexts is None or facts.years is None:
        return np.full(len(pairs.user), np.nan)
    shape = (len(facts.users), len(facts.items))
    return of_pairs(last_items(facts.rater, facts.rated, facts.years, shape), nexts, pairs)


def _log_days(when: Floats | None, facts: Facts, pairs: Pairs) -> Floats:
    if when is None:
        return np.full(len(pairs.user), np.nan)
    days = (facts.all_ratings.end - when[pairs.item]) * DAYS_PER_YEAR
    return np.log1p(np.where(np.isfinite(days), days, np.nan))
