"""Beyond accuracy: how new, varied and well spread the recommended items are.

Metrics of one list are functions of `items` (U, K), positions in the catalogue, -1 where the list
is shorter, and give one value per user, NaN where there is nothing to measure. Metrics over all
lists give one number. Both also see the catalogue. To add one, write such a function and name it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.registry import named
from tasks.core.vocabulary import GENRES, ITEM
from tasks.evaluation.lists import Bools, Floats, Ints
from tasks.models.candidates import COUNT

Bits = NDArray[np.uint64]

MOST_RATED_SHARE = 0.1


@dataclass(frozen=True)
class Catalogue:
    """Every item that there is, sorted, with its genres and its ratings in train.

    `items` (I,) ids; `counts` (I,) train ratings of each; `train_users`: how many users have a
    train rating; `genres` (I, W) the set of each item's genres as bits of W words, 0: none given.
    """

    items: pl.Series
    counts: Ints
    train_users: int
    genres: Bits


def catalogue_of(items: pl.DataFrame, counts: pl.DataFrame, train_users: int) -> Catalogue:
    """The catalogue of the items table; `counts` (item, count) and users are of train alone."""
    table = items.select(ITEM, GENRES).sort(ITEM).with_row_index("position")
    counted = table.join(counts, on=ITEM, how="left", maintain_order="left")
    ratings = counted[COUNT].fill_null(0).cast(pl.Int64).to_numpy()
    return Catalogue(table[ITEM], ratings, train_users, _genre_bits(table))


PER_LIST: dict[str, Callable[[Ints, Catalogue], Floats]] = {}
ALL_LISTS: dict[str, Callable[[Ints, Catalogue], float]] = {}


@named(PER_LIST, "novelty")
def novelty(items: Ints, catalogue: Catalogue) -> Floats:
    """Mean of -log2(share of the train users who rated the item), in bits.

    Mean self-information (Zhou et al. 2010), mean inverse user frequency in Vargas & Castells
    2011. An item without a train rating counts as one with a single rating.
    """
    raters = np.maximum(catalogue.counts, 1)
    return _mean_over_list(-np.log2(raters / catalogue.train_users), items)


@named(PER_LIST, "popularity share")
def popularity_share(items: Ints, catalogue: Catalogue) -> Floats:
    """Share of the list's places that the most-rated tenth of the train items takes.

    The tenth is rounded up; of items with equally many ratings the lower ids are in it.
    """
    size = int(np.ceil(MOST_RATED_SHARE * np.count_nonzero(catalogue.counts)))
    popular = np.zeros(len(catalogue.items))
    popular[np.argsort(-catalogue.counts, kind="stable")[:size]] = 1.0
    return _mean_over_list(popular, items)


@named(PER_LIST, "diversity")
@np.errstate(invalid="ignore")
def diversity(items: Ints, catalogue: Catalogue) -> Floats:
    """Mean of 1 - Jaccard similarity of the genre sets, over the pairs of items in the list.

    Intra-list diversity, after Ziegler et al. 2005 (intra-list similarity). Only pairs whose
    genres are both given count; NaN where there is none.
    """
    sets: Bits = np.where(items[:, :, None] >= 0, catalogue.genres[items], np.uint64(0))
    some = _sizes(sets) > 0
    distance, pairs = np.zeros(len(items)), np.zeros(len(items))
    for gap in range(1, items.shape[1]):
        one, other = sets[:, gap:], sets[:, :-gap]
        both = some[:, gap:] & some[:, :-gap]
        shared, either = _sizes(one & other), _sizes(one | other)
        distance += np.sum(1 - shared / np.maximum(either, 1), axis=1, where=both)
        pairs += both.sum(axis=1)
    return distance / pairs


@named(ALL_LISTS, "coverage")
def coverage(items: Ints, catalogue: Catalogue) -> float:
    """Share of the catalogue's items that are in at least one list (Ge et al. 2010)."""
    return float(np.count_nonzero(_times_listed(items, catalogue)) / len(catalogue.items))


@named(ALL_LISTS, "Gini")
@np.errstate(invalid="ignore")
def gini(items: Ints, catalogue: Catalogue) -> float:
    """How unequally often the catalogue's items are listed: 0 all alike, 1 one item alone.

    Sum over j of (2j - I - 1) x_j / ((I - 1) sum of x), x ascending (Shani & Gunawardana 2011).
    NaN where nothing is listed or the catalogue holds one item.
    """
    times = np.sort(_times_listed(items, catalogue))
    count = len(times)
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float(weights @ times / ((count - 1) * times.sum()))


@np.errstate(invalid="ignore")
def _mean_over_list(value_of: Floats, items: Ints) -> Floats:
    """(U,) the mean of a value per catalogue item over each list; NaN where a list is empty."""
    filled: Bools = items >= 0
    values: Floats = np.sum(value_of[items], axis=1, where=filled) / filled.sum(axis=1)
    return values


def _times_listed(items: Ints, catalogue: Catalogue) -> Ints:
    return np.bincount(items[items >= 0], minlength=len(catalogue.items))


def _sizes(sets: Bits) -> Ints:
    """How many genres each set holds."""
    sizes: Ints = np.bitwise_count(sets).sum(axis=2, dtype=np.int64)
    return sizes


def _genre_bits(table: pl.DataFrame) -> Bits:
    """(I, W) of the items' genres, for a frame (position, genres) in the order of positions."""
    named = table.select("position", pl.col(GENRES).str.split("|")).explode(GENRES)
    named = named.filter(pl.col(GENRES).is_not_null() & (pl.col(GENRES) != ""))
    number = named[GENRES].rank("dense").cast(pl.Int64).to_numpy()
    words = int(number.max(initial=0)) // 64 + 1
    member = np.zeros((table.height, 64 * words), dtype=np.bool_)
    member[named["position"].to_numpy(), number - 1] = True
    return np.packbits(member, axis=1).view(np.uint64)
