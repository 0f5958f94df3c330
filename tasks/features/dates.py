"""An item's years against a person's: when it came out, and when it was first rated."""

import numpy as np

from tasks.core.vocabulary import YEAR
from tasks.features.facts import Facts, Ints, Pairs
from tasks.features.registry import feature
from tasks.features.signals import YEARS
from tasks.models.base import Floats

GROUP = "dates"
NARROW_YEARS, WIDE_YEARS = 2.0, 6.0
FLOOR = 1e-4
LONGEST_YEARS = (-5.0, 10.0)


@feature("release years, narrow", GROUP)
def release_narrow(facts: Facts, pairs: Pairs) -> Floats:
    """How much denser the user's items lie around the item's year than everybody's (2 years)."""
    return _density_ratio(facts, pairs, NARROW_YEARS)


@feature("release years, wide", GROUP)
def release_wide(facts: Facts, pairs: Pairs) -> Floats:
    """The same with a kernel of 6 years."""
    return _density_ratio(facts, pairs, WIDE_YEARS)


@feature("age to the user", GROUP)
def age(facts: Facts, pairs: Pairs) -> Floats:
    """Years from the item's first train rating to the user's last, within -5 and 10.

    NaN without timestamps, and where either has no rating.
    """
    return np.clip(_gap(facts, pairs), *LONGEST_YEARS)


@feature("newer than the user", GROUP)
def newer(facts: Facts, pairs: Pairs) -> Floats:
    """1 where the item was first rated after the user's last rating: the user can't know it."""
    gap = _gap(facts, pairs)
    return np.where(np.isnan(gap), np.nan, (gap < 0).astype(np.float64))


def _gap(facts: Facts, pairs: Pairs) -> Floats:
    if facts.years is None:
        return np.full(len(pairs.user), np.nan)
    first = np.full(len(facts.items), np.inf)
    last = np.full(len(facts.users), -np.inf)
    np.minimum.at(first, facts.rated, facts.years)
    np.maximum.at(last, facts.rater, facts.years)
    gap = last[pairs.user] - first[pairs.item]
    return np.where(np.isfinite(gap), gap, np.nan)


def _density_ratio(facts: Facts, pairs: Pairs, width: float) -> Floats:
    """Log of the user's kernel density over release years against everybody's; NaN: unknown."""
    span = YEARS[1] - YEARS[0] + 1
    place, known = _years(facts)
    seen = known[facts.rated]
    cell = facts.rater[seen] * span + place[facts.rated[seen]]
    own = np.bincount(cell, minlength=len(facts.users) * span).reshape(-1, span)
    apart = np.subtract.outer(np.arange(span), np.arange(span)) / width
    kernel = np.exp(-0.5 * apart**2) / width
    total = own.sum(axis=1, keepdims=True)
    mine = (own @ kernel) / np.maximum(total, 1)
    all_of_them = own.sum(axis=0) @ kernel / max(int(total.sum()), 1)
    year = place[pairs.item]
    ratio = np.log((mine[pairs.user, year] + FLOOR) / (all_of_them[year] + FLOOR))
    usable = known[pairs.item] & (total[pairs.user, 0] > 0)
    return np.where(usable, ratio, np.nan)


def _years(facts: Facts) -> tuple[Ints, np.ndarray]:
    """Each item's year counted from the first possible one (I,), and whether it is known."""
    years = facts.catalogue[YEAR].cast(float).fill_null(np.nan).to_numpy()
    known = (years >= YEARS[0]) & (years <= YEARS[1])
    return np.where(known, years - YEARS[0], 0).astype(np.int64), known
