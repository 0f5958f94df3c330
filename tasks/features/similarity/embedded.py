"""The default scorer: cosines of sentence embeddings, mapped to [-1, 1]; no LLM, no network."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import polars as pl

from tasks.core.arrays import Places, within
from tasks.core.vocabulary import DISLIKED, DISLIKES, FAVOURITES, ITEM, TEXT, USER, ProfileStyle
from tasks.features.similarity.closeness import Bools, Side, closeness, padded
from tasks.features.similarity.scorer import Asked, Scores, Vectors
from tasks.models.base import Ids
from tasks.models.interactions import ids_of, places_of
from tasks.texts.embedder import Embedder
from tasks.texts.item_texts import BACKGROUND, BACKGROUND_ITEMS

FEWEST_BACKGROUND = 10
SMALLEST_SPREAD = 0.02
NEUTRAL_COSINE = 0.30
COSINE_SPREAD = 0.15
"""For want of a background: about the median of MovieLens candidates, twice their deviation."""

DISLIKED_SHARE = 1 / 3
"""Weight of what is disliked against what is liked: 0.25 to 0.75 (Salton & Buckley 1990)."""

BLOCK_NUMBERS = 8_000_000
"""Numbers of the items' vectors held at once, whatever the number of people."""


class Texts(Protocol):
    """Gives the unit vectors (n, W) of texts."""

    def matrix(self, texts: list[str]) -> Vectors:
        """One row per text, in their order."""
        ...


class EmbeddedScorer:
    """Compares items with the profile's text and the nearest favourites, against the background.

    The background is items from all over the catalogue: what neutral looks like. Of a
    `contrastive` profile the closeness to what is disliked is subtracted (Rocchio 1971): embedded
    together with the likes, dislikes would draw the vector towards themselves.
    """

    version = f"embedded-3-{Embedder.version}"

    def __init__(self, store: Texts, style: ProfileStyle = "sentence") -> None:
        self._store, self._subtracts = store, style == "contrastive"
        if self._subtracts:
            self.version = f"{self.version}-contrastive"

    def score(self, asked: Asked) -> Scores:
        """One score (P,) per candidate; NaN for a person of whom nothing is known."""
        people = asked.profiles.join(asked.candidates.select(USER).unique(), on=USER, how="semi")
        people = people.sort(USER)
        known = ids_of(asked.texts[ITEM])
        vectors = self._item_vectors(asked)
        items, _ = places_of(known, asked.candidates[ITEM])
        owner, _ = places_of(ids_of(people[USER]), asked.candidates[USER])
        order = np.argsort(owner, kind="stable")
        background = np.flatnonzero(asked.texts[BACKGROUND].to_numpy())
        liked = self._side(people[TEXT], people[FAVOURITES], known)
        nothing = pl.repeat("", people.height, dtype=pl.String, eager=True)
        said = people[DISLIKES] if self._subtracts else nothing
        disliked = self._side(said, people[DISLIKED], known)
        found = np.empty(len(items))
        lengths = np.bincount(owner, minlength=people.height)
        for first, last in _blocks(lengths, vectors.shape[1]):
            own = slice(first, last)
            mine = order[lengths[:first].sum() : lengths[:last].sum()]
            row, place = owner[mine] - first, within(lengths[own])
            table = np.zeros((last - first, int(lengths[own].max(initial=1))), dtype=np.int64)
            table[row, place] = items[mine]
            sides = liked.part(own), disliked.part(own)
            scores = self._block(table, *sides, vectors, background)
            found[mine] = scores[row, place]
        return found

    def _item_vectors(self, asked: Asked) -> Vectors:
        given = asked.vectors
        return self._store.matrix(asked.texts[TEXT].to_list()) if given is None else given

    def _side(self, texts: pl.Series, named: pl.Series, known: Ids) -> Side:
        """What people say they like, or dislike, and the items that they name."""
        told = texts.unique(maintain_order=True)
        told = told.filter(told != "")
        rows = texts.to_frame("text").join(
            told.to_frame("text").with_row_index("row"),
            on="text",
            how="left",
            maintain_order="left",
        )
        place = rows["row"].cast(pl.Int64).fill_null(-1).to_numpy()
        return Side(self._store.matrix(told.to_list()), place, padded(named, known))

    def _block(
        self, items: Places, liked: Side, disliked: Side, vectors: Vectors, background: Places
    ) -> Scores:
        """Scores (n, C) of `items` (n, C) for some people."""
        fit = self._fit(vectors[items], liked, disliked, vectors)
        usual = self._fit(vectors[background][None], liked, disliked, vectors)
        neutral, spread = _usual(usual, _others(background, liked, disliked))
        return to_score(fit, neutral[:, None], spread[:, None])

    def _fit(self, asked: Vectors, liked: Side, disliked: Side, vectors: Vectors) -> Scores:
        """Closeness (n, C) to what is liked, less a share of that to what is disliked."""
        near = closeness(asked, liked, vectors)
        if not self._subtracts:
            return near
        far = closeness(asked, disliked, vectors)
        apart: Scores = near - DISLIKED_SHARE * np.where(np.isnan(far), 0.0, far)
        return apart


def _usual(fit: Scores, counted: Bools) -> tuple[Scores, Scores]:
    """Neutral and spread (n,) by the closeness (n, B) of the background that counts for each."""
    many = counted.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.sum(fit, axis=1, where=counted) / np.maximum(many, 1)
        apart = np.square(fit - mean[:, None])
        deviation = np.sqrt(np.sum(apart, axis=1, where=counted) / np.maximum(many, 1))
    enough = many >= FEWEST_BACKGROUND
    neutral = np.where(enough, mean, NEUTRAL_COSINE)
    return neutral, np.where(enough, np.maximum(2.0 * deviation, SMALLEST_SPREAD), COSINE_SPREAD)


def _others(background: Places, liked: Side, disliked: Side) -> Bools:
    """Which of the background (B,) each person has not named: (n, B)."""
    named = np.concatenate([liked.named, disliked.named], axis=1)
    others: Bools = ~(named[:, :, None] == background[None, None, :]).any(axis=1)
    return others


def to_score(cosines: Scores, neutral: Scores | float, spread: Scores | float) -> Scores:
    """Cosines to (-1, 1): tanh((cosine - neutral) / spread) keeps their order.

    With the background's mean and twice its deviation, 0 is as close as any item of the
    catalogue, 0.76 two deviations closer.
    """
    return np.tanh((cosines - neutral) / spread)


def _blocks(lengths: Places, width: int) -> Iterator[tuple[int, int]]:
    """First and last of some people at a time."""
    size = max(1, BLOCK_NUMBERS // (width * max(int(lengths.max(initial=0)), BACKGROUND_ITEMS)))
    for first in range(0, len(lengths), size):
        yield first, min(first + size, len(lengths))
