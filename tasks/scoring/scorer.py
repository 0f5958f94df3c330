"""The interface of everything that judges how well items fit a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.vocabulary import ItemText, Profile

Scores = NDArray[np.float64]
"""One score per item in [-1, 1]: against the taste, neutral, perfect match. NaN: no score."""


@dataclass(frozen=True)
class ScoreRequest:
    """A person and the items to judge; `liked` and `disliked` are the texts of the profile's.

    `background` are items from all over the catalogue: what neutral looks like. `estimates` are
    the base model's, one per item, mapped from the data set's scale to [-1, 1]. Items come in the
    order of the base list.
    """

    profile: Profile
    liked: Sequence[ItemText]
    items: Sequence[ItemText]
    background: Sequence[ItemText] = ()
    estimates: Sequence[float | None] = ()
    disliked: Sequence[ItemText] = ()


class Scorer(Protocol):
    """Judges many people's items at once, so that it can share work between them."""

    version: str
    """Part of the cache key: changes whenever the same request would get another score."""

    def score(self, requests: Sequence[ScoreRequest]) -> list[Scores]:
        """One array per request, in order; a score depends on its request alone."""
        ...
