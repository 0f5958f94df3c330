"""An item's years against a person's: when it came out, and when it was first rated."""

import numpy as np

from tasks.core.arrays import Floats
from tasks.core.vocabulary import DATE_AFFINITY, YEAR
from tasks.features.facts import Facts, Ints, Pairs
from tasks.features.registry import SIGNALS, feature

GROUP = "dates"
YEARS = (1800, 2100)
"""Years outside are taken as unknown."""

NARROW_YEARS, WIDE_YEARS, AFFINITY_YEARS = 2.0, 6.0, 4.0
FLOOR = 1e-4
LONGEST_YEARS = (-5.0, 10.0)
FROM_YOUR_YEARS = "from years that you rate"
OF_YOUR_TIME = "around when you were rating"


@feature("release years, narrow", GROUP, reason=FROM_YOUR_YEARS)
def release_narrow(facts: Facts, pairs: Pairs) -> Floats:
    """How much denser the user's items lie around the item's year than everybody's (2 years)."""
    return _density_ratio(facts, pairs, NARROW_YEARS)


@feature("release years, wide", GROUP, reason=FROM_YOUR_YEARS)
def release_wide(facts: Facts, pairs: Pairs) -> Floats:
    """The same with a kernel of 6 years."""
    return _density_ratio(facts, pairs, WIDE_YEARS)


@feature("age to the user", GROUP, reason=OF_YOUR_TIME)
def age(facts: Facts, pairs: Pairs) -> Floats:
    """Years from the item's first train rating to the user's last, within -5 and 10.

    NaN without timestamps, and where either has no rating.
    """
    return np.clip(_gap(facts, pairs), *LONGEST_YEARS)


@feature("newer than the user", GROUP, reason=OF_YOUR_TIME)
def newer(facts: Facts, pairs: Pairs) -> Floats:
    """1 where the item was first rated after the user's last rating: the user can't know it."""
    gap = _gap(facts, pairs)
    return np.where(np.isnan(gap), np.nan, (gap < 0).astype(np.float64))


@feature(DATE_AFFINITY, SIGNALS, reason=FROM_YOUR_YEARS)
def date_affinity(facts: Facts, pairs: Pairs) -> Floats:
    """How dense the user's train items lie around the item's year, as a share of their densest.

    A Gaussian kernel density over release years (bandwidth 4 years). NaN where the item's year, or
    every year of the user, is unknown.
    """
    own, place, known = _own_years(facts)
    smooth = own @ np.exp(-0.5 * (_apart() / AFFINITY_YEARS) ** 2)
    highest = smooth.max(axis=1, keepdims=True)
    shares = np.divide(smooth, highest, out=np.full_like(smooth, np.nan), where=highest > 0)
    return np.where(known[pairs.item], shares[pairs.user, place[pairs.item]], np.nan)


def _gap(facts: Facts, pairs: Pairs) -> Floats:
    first = facts.all_ratings.first
    if facts.years is None or first is None:
        return np.full(len(pairs.user), np.nan)
    last = np.full(len(facts.users), -np.inf)
    np.fmax.at(last, facts.rater, facts.years)
    gap = last[pairs.user] - first[pairs.item]
    return np.where(np.isfinite(gap), gap, np.nan)


def _density_ratio(facts: Facts, pairs: Pairs, width: float) -> Floats:
    """Log of the user's kernel density over release years against everybody's; NaN: unknown."""
    own, place, known = _own_years(facts)
    everybody = np.bincount(place[known], facts.all_ratings.counts[known], own.shape[1])
    kernel = np.exp(-0.5 * (_apart() / width) ** 2) / width
    total = own.sum(axis=1, keepdims=True)
    mine = (own @ kernel) / np.maximum(total, 1)
    all_of_them = everybody @ kernel / max(int(everybody.sum()), 1)
    year = place[pairs.item]
    ratio = np.log((mine[pairs.user, year] + FLOOR) / (all_of_them[year] + FLOOR))
    usable = known[pairs.item] & (total[pairs.user, 0] > 0)
    return np.where(usable, ratio, np.nan)


def _own_years(facts: Facts) -> tuple[Ints, Ints, np.ndarray]:
    """How many items of each year each user rated (U, years), and `_years`."""
    if "years" not in facts.memo:
        span = YEARS[1] - YEARS[0] + 1
        place, known = _years(facts)
        seen = known[facts.rated]
        cell = facts.rater[seen] * span + place[facts.rated[seen]]
        own = np.bincount(cell, minlength=len(facts.users) * span).reshape(-1, span)
        facts.memo["years"] = own, place, known
    own, place, known = facts.memo["years"]
    return own, place, known


def _apart() -> Ints:
    """How many years two years are apart (years, years)."""
    span = np.arange(YEARS[1] - YEARS[0] + 1)
    return np.subtract.outer(span, span)


def _years(facts: Facts) -> tuple[Ints, np.ndarray]:
    """Each item's year counted from the first possible one (I,), and whether it is known."""
    years = facts.catalogue[YEAR].cast(float).fill_null(np.nan).to_numpy()
    known = (years >= YEARS[0]) & (years <= YEARS[1])
    return np.where(known, years - YEARS[0], 0).astype(np.int64), known
