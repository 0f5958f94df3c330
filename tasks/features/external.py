"""The catalogue's own ratings and votes: collected after every split, so labelled `external`."""

import numpy as np

from tasks.core.arrays import Floats
from tasks.core.vocabulary import QUALITY, VOTES
from tasks.features.facts import Facts, Pairs
from tasks.features.registry import RATED_ELSEWHERE, feature

GROUP = "external"


@feature("catalogue's rating", GROUP, reason=RATED_ELSEWHERE)
def quality(facts: Facts, pairs: Pairs) -> Floats:
    """Mean rating by the catalogue's own audience, as it stands there."""
    return _column(facts, QUALITY)[pairs.item]


@feature("catalogue's votes", GROUP, reason=RATED_ELSEWHERE)
def votes(facts: Facts, pairs: Pairs) -> Floats:
    """Log of 1 + the catalogue's votes."""
    return np.log1p(_column(facts, VOTES))[pairs.item]


def _column(facts: Facts, name: str) -> Floats:
    return facts.catalogue[name].cast(float).fill_null(np.nan).to_numpy()
