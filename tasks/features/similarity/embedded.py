"""The default scorer: cosines of sentence embeddings, mapped to [-1, 1]; no LLM, no network."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.arrays import Ids, Places, ids_of, places_of, within
from tasks.core.vocabulary import FAVOURITES, ITEM, TEXT, USER
from tasks.features.similarity.scorer import Scores, ScoringInputs, Vectors
from tasks.texts.embedder import Embedder
from tasks.texts.item_texts import BACKGROUND, BACKGROUND_ITEMS

NEAREST = 3
"""Favourites that count, those nearest to an item."""
FEWEST_BACKGROUND = 10
SMALLEST_SPREAD = 0.02
NEUTRAL_COSINE = 0.30
COSINE_SPREAD = 0.15
"""For want of a background: about the median of MovieLens candidates, twice their deviation."""

BLOCK_NUMBERS = 8_000_000
"""Numbers of the items' vectors held at once, whatever the number of people."""


Bools = NDArray[np.bool_]

VERSION = f"embedded-3-{Embedder.version}"

Embed = Callable[[Sequence[str]], Vectors]
"""The unit vectors (n, W) of texts, in their order."""


class Taste(NamedTuple):
    """What some people like: a text and items.

    `vectors` of all texts; `text` (n,) each person's row of them, -1: none; `named` (n, k) places
    of items, -1: fewer.
    """

    vectors: Vectors
    text: Places
    named: Places

    def part(self, people: slice) -> "Taste":
        """Of some of the people."""
        return Taste(self.vectors, self.text[people], self.named[people])


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


def closeness(asked: Vectors, taste: Taste, vectors: Vectors) -> Scores:
    """Mean of the cosine with the text and that with the nearest of the items named beside it.

    Of `asked` (n, C, W), or (1, C, W) for items that everybody is asked about; (n, C), NaN for
    people with neither.
    """
    written: Bools = taste.text >= 0
    some: Bools = taste.named >= 0
    views, total = np.zeros((len(written), 1)), np.zeros((len(written), asked.shape[1]))
    if written.any():
        cosines = (asked @ taste.vectors[taste.text][:, :, None])[:, :, 0]
        total += np.where(written[:, None], cosines, 0.0)
        views += written[:, None]
    if some.any():
        cosines = asked @ vectors[taste.named].transpose(0, 2, 1)
        total += _of_nearest(cosines, some)
        views += np.any(some, axis=1, keepdims=True)
    return np.divide(total, views, out=np.full_like(total, np.nan), where=views > 0)


def _of_nearest(cosines: Vectors, there: Bools) -> Scores:
    """Mean (n, C) of the 3 highest of (n, C, k), of those that are there; 0 without any."""
    shown = np.where(there[:, None, :], cosines, -np.inf)
    highest = np.sort(shown, axis=2)[:, :, -NEAREST:].astype(np.float64)
    count = np.minimum(there.sum(axis=1), NEAREST)[:, None]
    total = np.where(np.isfinite(highest), highest, 0.0).sum(axis=2)
    mean: Scores = total / np.maximum(count, 1)
    return mean


def padded(named: pl.Series, ids: Ids) -> Places:
    """Places (n, k) of the items in each row of a list column, -1 where a row has fewer."""
    table = pl.DataFrame({"row": np.arange(len(named)), "named": named}).explode("named")
    flat = table.with_columns(pl.col("named").struct.field(ITEM)).drop_nulls(ITEM)
    rows = flat["row"].to_numpy()
    lengths = np.bincount(rows, minlength=len(named))
    padded = np.full((len(named), int(lengths.max(initial=1))), -1, dtype=np.int64)
    padded[rows, within(lengths)] = places_of(ids, flat[ITEM])[0]
    return padded
