"""The default scorer: cosines of sentence embeddings, mapped to [-1, 1]; no LLM, no network."""

from collections.abc import Sequence

import numpy as np

from tasks.scoring.embedder import Embedder, Vectors
from tasks.scoring.embedding_store import EmbeddingStore
from tasks.scoring.scorer import ScoreRequest, Scores

NEAREST = 3
NEUTRAL_COSINE = 0.30
COSINE_SPREAD = 0.15
"""About the median, and twice the standard deviation, of MovieLens candidates (.291, .068)."""


class EmbeddedScorer:
    """Compares each item with the profile's text and with the three favourites nearest to it."""

    version = f"embedded-1-{Embedder.version}"

    def __init__(self, store: EmbeddingStore) -> None:
        self._store = store

    def score(self, requests: Sequence[ScoreRequest]) -> list[Scores]:
        """One array per request; NaN throughout for a person of whom nothing is known."""
        texts = [text for request in requests for text in _texts(request)]
        vectors = self._store.vectors(texts)
        return [_score(request, vectors) for request in requests]


def _texts(request: ScoreRequest) -> list[str]:
    own = [request.profile.text] if request.profile.text else []
    return own + [item.text for item in (*request.liked, *request.items)]


def _score(request: ScoreRequest, vectors: dict[str, Vectors]) -> Scores:
    if not request.items:
        return np.empty(0)
    items = np.stack([vectors[item.text] for item in request.items]).astype(np.float64)
    views = []
    if request.profile.text:
        views.append(items @ vectors[request.profile.text])
    if request.liked:
        liked = np.stack([vectors[item.text] for item in request.liked])
        nearest = np.sort(items @ liked.T, axis=1)[:, -NEAREST:]
        views.append(nearest.mean(axis=1))
    if not views:
        return np.full(len(request.items), np.nan)
    return to_score(np.mean(views, axis=0))


def to_score(cosines: Scores) -> Scores:
    """Cosines to (-1, 1): tanh((cosine - neutral) / spread) keeps their order, and never ties."""
    return np.tanh((cosines - NEUTRAL_COSINE) / COSINE_SPREAD)
