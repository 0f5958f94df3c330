"""Scoring the candidates of a chunk of users with any scorer."""

import polars as pl

from tasks.core.vocabulary import ITEM, SIMILARITY, USER
from tasks.features.similarity.scorer import Scorer, ScoringInputs


def score_candidates(scorer: Scorer, asked: ScoringInputs) -> pl.DataFrame:
    """User, item, similarity in the order of the candidates; null where there is no score."""
    values = pl.Series(SIMILARITY, scorer.score(asked), pl.Float64, nan_to_null=True)
    return asked.candidates.select(USER, ITEM, values.clip(-1.0, 1.0))
