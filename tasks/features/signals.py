"""The columns that the re-ranking rules read beside the base model's estimate and similarity.

All of them come from train ratings but the `external` ones, the catalogue's own quality and votes:
they were collected after every split.
"""

import numpy as np

from tasks.core.arrays import Floats
from tasks.core.vocabulary import (
    EXTERNAL_QUALITY,
    EXTERNAL_VOTES,
    POPULARITY,
    QUALITY,
    SIMILARITY,
    VOTES,
)
from tasks.features.facts import Facts, Pairs
from tasks.features.registry import RATED_ELSEWHERE, SIGNALS, feature
from tasks.models.base import RATED_BY_MANY

FITS = "fits what you like, in words"


@feature(POPULARITY, SIGNALS, reason=RATED_BY_MANY)
def popularity(facts: Facts, pairs: Pairs) -> Floats:
    """Log(1 + number of train ratings) as a share of the most rated item's."""
    weight = np.log1p(facts.all_ratings.counts)
    return (weight / max(float(weight.max(initial=0.0)), 1e-12))[pairs.item]


@feature(EXTERNAL_QUALITY, SIGNALS, reason=RATED_ELSEWHERE)
def external_quality(facts: Facts, pairs: Pairs) -> Floats:
    """The catalogue's own rating."""
    quality: Floats = facts.catalogue[QUALITY].cast(float).fill_null(np.nan).to_numpy()
    return quality[pairs.item]


@feature(EXTERNAL_VOTES, SIGNALS, reason=RATED_ELSEWHERE)
def external_votes(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the catalogue's votes."""
    votes: Floats = facts.catalogue[VOTES].cast(float).fill_null(np.nan).to_numpy()
    return np.log1p(votes)[pairs.item]


@feature(SIMILARITY, "language", relative=True, reason=FITS)
def similarity(_facts: Facts, pairs: Pairs) -> Floats:
    """The scorer's similarity of item and profile, where it was asked."""
    values: Floats = pairs.frame[SIMILARITY].cast(float).fill_null(np.nan).to_numpy()
    return values
