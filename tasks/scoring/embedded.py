"""The default scorer: cosines of sentence embeddings, mapped to [-1, 1]; no LLM, no network."""

from collections.abc import Sequence

import numpy as np

from tasks.scoring.embedder import Embedder, Vectors
from tasks.scoring.embedding_store import EmbeddingStore
from tasks.scoring.scorer import ScoreRequest, Scores
from tasks.vocabulary import ItemText, ProfileStyle

NEAREST = 3
FEWEST_BACKGROUND = 10
SMALLEST_SPREAD = 0.02
NEUTRAL_COSINE = 0.30
COSINE_SPREAD = 0.15
"""For want of a background: about the median of MovieLens candidates, twice their deviation."""

DISLIKED_SHARE = 1 / 3
"""Weight of what is disliked against what is liked: 0.25 to 0.75 (Salton & Buckley 1990)."""


class EmbeddedScorer:
    """Compares items with the profile's text and the nearest favourites, against the background.

    Of a `contrastive` profile the closeness to what is disliked is subtracted (Rocchio 1971):
    embedded together with the likes, dislikes would draw the vector towards themselves.
    """

    version = f"embedded-2-{Embedder.version}"

    def __init__(self, store: EmbeddingStore, style: ProfileStyle = "sentence") -> None:
        self._store, self._subtracts = store, style == "contrastive"
        if self._subtracts:
            self.version = f"{self.version}-contrastive"

    def score(self, requests: Sequence[ScoreRequest]) -> list[Scores]:
        """One array per request; NaN throughout for a person of whom nothing is known."""
        texts = [text for request in requests for text in self._texts(request)]
        vectors = self._store.vectors(texts)
        return [self._score(request, vectors) for request in requests]

    def _texts(self, request: ScoreRequest) -> list[str]:
        profile = request.profile
        said = [profile.text, profile.dislikes if self._subtracts else ""]
        disliked = request.disliked if self._subtracts else ()
        items = (*request.liked, *disliked, *request.items, *request.background)
        return [text for text in said if text] + [item.text for item in items]

    def _score(self, request: ScoreRequest, vectors: dict[str, Vectors]) -> Scores:
        if not request.items:
            return np.empty(0)
        if not request.profile.text and not request.liked:
            return np.full(len(request.items), np.nan)
        own = {item.item for item in (*request.liked, *request.disliked)}
        others = [item for item in request.background if item.item not in own]
        neutral, spread = NEUTRAL_COSINE, COSINE_SPREAD
        if len(others) >= FEWEST_BACKGROUND:
            usual = self._fit(request, others, vectors)
            neutral, spread = float(usual.mean()), max(2.0 * float(usual.std()), SMALLEST_SPREAD)
        return to_score(self._fit(request, request.items, vectors), neutral, spread)

    def _fit(
        self, request: ScoreRequest, items: Sequence[ItemText], vectors: dict[str, Vectors]
    ) -> Scores:
        """Closeness to what is liked, less a share of that to what is disliked."""
        asked = np.stack([vectors[item.text] for item in items]).astype(np.float64)
        liked = _closeness(asked, request.profile.text, request.liked, vectors)
        dislikes = request.profile.dislikes
        if not self._subtracts or not (dislikes or request.disliked):
            return liked
        disliked = _closeness(asked, dislikes, request.disliked, vectors)
        apart: Scores = liked - DISLIKED_SHARE * disliked
        return apart


def _closeness(
    asked: Scores, text: str, named: Sequence[ItemText], vectors: dict[str, Vectors]
) -> Scores:
    """Mean of the cosine with a text and that with the nearest of the items named beside it."""
    views = []
    if text:
        views.append(asked @ vectors[text])
    if named:
        known = np.stack([vectors[item.text] for item in named])
        views.append(np.sort(asked @ known.T, axis=1)[:, -NEAREST:].mean(axis=1))
    mean: Scores = np.mean(views, axis=0)
    return mean


def to_score(cosines: Scores, neutral: float, spread: float) -> Scores:
    """Cosines to (-1, 1): tanh((cosine - neutral) / spread) keeps their order.

    With the background's mean and twice its deviation, 0 is as close as any item of the
    catalogue, 0.76 two deviations closer.
    """
    return np.tanh((cosines - neutral) / spread)
