"""The default scorer: cosines of sentence embeddings, mapped to [-1, 1]; no LLM, no network."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import polars as pl

from tasks.core.arrays import Ids, Places, ids_of, places_of, within
from tasks.core.vocabulary import FAVOURITES, ITEM, TEXT, USER
from tasks.features.similarity.closeness import Bools, Taste, closeness, padded
from tasks.features.similarity.scorer import Scores, ScoringInputs, Vectors
from tasks.texts.embedder import Embedder
from tasks.texts.item_texts import BACKGROUND, BACKGROUND_ITEMS

FEWEST_BACKGROUND = 10
SMALLEST_SPREAD = 0.02
NEUTRAL_COSINE = 0.30
COSINE_SPREAD = 0.15
"""For want of a background: about the median of MovieLens candidates, twice their deviation."""

BLOCK_NUMBERS = 8_000_000
"""Numbers of the items' vectors held at once, whatever the number of people."""


VERSION = f"embedded-3-{Embedder.version}"

Embed = Callable[[Sequence[str]], Vectors]
"""The unit vectors (n, W) of texts, in their order."""


def embedded_scores(asked: ScoringInputs, embed: Embed) -> Scores:
    """One score (P,) per candidate; NaN for a person of whom nothing is known.

    Compares items with the profile's text and the nearest favourites, against the background:
    items from all over the catalogue, which are what neutral looks like.
    """
    people = asked.profiles.join(asked.candidates.select(USER).unique(), on=USER, how="semi")
    people = people.sort(USER)
    ids = ids_of(asked.texts[ITEM])
    vectors = embed(asked.texts[TEXT].to_list()) if asked.vectors is None else asked.vectors
    items, _ = places_of(ids, asked.candidates[ITEM])
    owner, _ = places_of(ids_of(people[USER]), asked.candidates[USER])
    order = np.argsort(owner, kind="stable")
    background = np.flatnonzero(asked.texts[BACKGROUND].to_numpy())
    taste = _taste(people[TEXT], people[FAVOURITES], ids, embed)
    result = np.empty(len(items))
    lengths = np.bincount(owner, minlength=people.height)
    for first, last in _blocks(lengths, vectors.shape[1]):
        own = slice(first, last)
        mine = order[lengths[:first].sum() : lengths[:last].sum()]
        row, place = owner[mine] - first, within(lengths[own])
        table = np.zeros((last - first, int(lengths[own].max(initial=1))), dtype=np.int64)
        table[row, place] = items[mine]
        scores = _scores(table, taste.part(own), vectors, background)
        result[mine] = scores[row, place]
    return result


def _taste(texts: pl.Series, named: pl.Series, ids: Ids, embed: Embed) -> Taste:
    """What people say they like, and the items that they name."""
    once = texts.unique(maintain_order=True)
    once = once.filter(once != "")
    rows = texts.to_frame("text").join(
        once.to_frame("text").with_row_index("row"),
        on="text",
        how="left",
        maintain_order="left",
    )
    place = rows["row"].cast(pl.Int64).fill_null(-1).to_numpy()
    return Taste(embed(once.to_list()), place, padded(named, ids))


def _scores(items: Places, taste: Taste, vectors: Vectors, background: Places) -> Scores:
    """Scores (n, C) of `items` (n, C) for some people."""
    near = closeness(vectors[items], taste, vectors)
    usual = closeness(vectors[background][None], taste, vectors)
    neutral, spread = _usual(usual, _others(background, taste))
    return to_score(near, neutral[:, None], spread[:, None])


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


def _others(background: Places, taste: Taste) -> Bools:
    """Which of the background (B,) each person has not named: (n, B)."""
    others: Bools = ~(taste.named[:, :, None] == background[None, None, :]).any(axis=1)
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
