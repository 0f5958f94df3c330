"""An item's genres against those of the items that a person rated."""

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from tasks.core.arrays import Floats
from tasks.core.vocabulary import GENRES
from tasks.features.facts import Facts, Pairs, at_pairs
from tasks.features.registry import feature


@feature("genres", "metadata", reason="of genres that you rate")
def genres(facts: Facts, pairs: Pairs) -> Floats:
    """Cosine-like match: the user's mean genre vector above everybody's, times the item's.

    NaN for an item without genres or a user without ratings.
    """
    vectors = _genre_vectors(facts)
    shape = (len(facts.users), len(facts.items))
    rated = csr_array((np.ones(len(facts.rater)), (facts.rater, facts.rated)), shape=shape)
    sums, history = rated @ vectors, facts.history
    mine = sums / np.maximum(history, 1)[:, None]
    counts = facts.all_ratings.counts
    above = mine - counts @ vectors / max(int(counts.sum()), 1)
    match = at_pairs(above, vectors, pairs)
    described = np.flatnonzero(vectors.sum(axis=1))
    known = np.isin(pairs.item, described) & (history[pairs.user] > 0)
    return np.where(known, match, np.nan)


def _genre_vectors(facts: Facts) -> Floats:
    """Unit vectors (I, G), all 0 without genres."""
    named = facts.catalogue.select(pl.col(GENRES).str.split("|")).with_row_index("row")
    named = named.explode(GENRES).filter(pl.col(GENRES).fill_null("") != "")
    number = named[GENRES].rank("dense").cast(pl.Int64).to_numpy() - 1
    vectors = np.zeros((len(facts.items), int(number.max(initial=-1)) + 1))
    vectors[named["row"].to_numpy(), number] = 1.0
    length: Floats = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1.0)
    return vectors / length
