"""The default scorer: cosines of sentence embeddings, mapped to [-1, 1]; no LLM, no network."""

from collections.abc import Sequence

import numpy as np

from tasks.scoring.embedder import Embedder, Vectors
from tasks.scoring.embedding_store import EmbeddingStore
from tasks.scoring.scorer import ScoreRequest, Scores
from tasks.vocabulary import ItemText

NEAREST = 3
FEWEST_BACKGROUND = 10
SMALLEST_SPREAD = 0.02
NEUTRAL_COSINE = 0.30
COSINE_SPREAD = 0.15
"""For want of a background: about the median of MovieLens candidates, twice their deviation."""


class EmbeddedScorer:
    """Compares items with the profile's text and the nearest favourites, against the background."""

    version = f"embedded-2-{Embedder.version}"

    def __init__(self, store: EmbeddingStore) -> None:
        self._store = store

    def score(self, requests: Sequence[ScoreRequest]) -> list[Scores]:
        """One array per request; NaN throughout for a person of whom nothing is known."""
        texts = [text for request in requests for text in _texts(request)]
        vectors = self._store.vectors(texts)
        return [_score(request, vectors) for request in requests]


def _texts(request: ScoreRequest) -> list[str]:
    own = [request.profile.text] if request.profile.text else []
    return own + [item.text for item in (*request.liked, *request.items, *request.background)]


def _score(request: ScoreRequest, vectors: dict[str, Vectors]) -> Scores:
    if not request.items:
        return np.empty(0)
    if not request.profile.text and not request.liked:
        return np.full(len(request.items), np.nan)
    liked = {item.item for item in request.liked}
    others = [item for item in request.background if item.item not in liked]
    neutral, spread = NEUTRAL_COSINE, COSINE_SPREAD
    if len(others) >= FEWEST_BACKGROUND:
        usual = _closeness(request, others, vectors)
        neutral, spread = float(usual.mean()), max(2.0 * float(usual.std()), SMALLEST_SPREAD)
    return to_score(_closeness(request, request.items, vectors), neutral, spread)


def _closeness(
    request: ScoreRequest, items: Sequence[ItemText], vectors: dict[str, Vectors]
) -> Scores:
    """Mean of the cosine with the profile's text and that with the nearest favourites."""
    asked = np.stack([vectors[item.text] for item in items]).astype(np.float64)
    views = []
    if request.profile.text:
        views.append(asked @ vectors[request.profile.text])
    if request.liked:
        liked = np.stack([vectors[item.text] for item in request.liked])
        views.append(np.sort(asked @ liked.T, axis=1)[:, -NEAREST:].mean(axis=1))
    mean: Scores = np.mean(views, axis=0)
    return mean


def to_score(cosines: Scores, neutral: float, spread: float) -> Scores:
    """Cosines to (-1, 1): tanh((cosine - neutral) / spread) keeps their order.

    With the background's mean and twice its deviation, 0 is as close as any item of the
    catalogue, 0.76 two deviations closer.
    """
    return np.tanh((cosines - neutral) / spread)
