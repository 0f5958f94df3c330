"""The interface of everything that judges how well items fit a person."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.vocabulary import ITEM, SIMILARITY, USER

Scores = NDArray[np.float64]
"""Scores in [-1, 1]: against the taste, neutral, perfect match. NaN: no score."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class ScoringInputs:
    """Whom to judge for, and what, as tables.

    `candidates` (user, item, estimate), P rows, each person's in the order of the base list;
    `profiles`, one row per person; `texts`, as `needed_texts` gives them, and of these the unit
    `vectors` (I, 384), where the scorer reads them. `scale`: lowest and highest rating.
    """

    candidates: pl.DataFrame
    profiles: pl.DataFrame
    texts: pl.DataFrame
    scale: tuple[float, float]
    vectors: Vectors | None = None


Scorer = Callable[[ScoringInputs], Scores]
"""Judges many people's items at once, so that it can share work between them.

One score (P,) per candidate, in order; it depends on its person's rows alone.
"""


def score_candidates(scorer: Scorer, asked: ScoringInputs) -> pl.DataFrame:
    """User, item, similarity in the order of the candidates; null where there is no score."""
    values = pl.Series(SIMILARITY, scorer(asked), pl.Float64, nan_to_null=True)
    return asked.candidates.select(USER, ITEM, values.clip(-1.0, 1.0))
