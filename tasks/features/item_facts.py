"""What all train ratings say of items: made once per train set, read by every chunk of users."""

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from tasks.core.arrays import ids_of, places_of
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.features.facts import DAYS_PER_YEAR, SECONDS_PER_YEAR, WINDOWS, Ints, ItemFacts
from tasks.models.transitions import transitions

QUARTERS = 4.0
"""Steps per year of the counts over time."""

REACH = 5
SHRINK = 3.0


def item_facts(
    train: pl.DataFrame, items: pl.DataFrame, *, closeness: bool, nexts: bool = False
) -> ItemFacts:
    """The facts of all train ratings for the items of the catalogue, in the order of sorted ids.

    Without `closeness` and `nexts` these are left out: they grow with the pairs of items.
    """
    known = ids_of(items[ITEM].sort())
    rows = train.sort(USER, ITEM)
    rated, _ = places_of(known, rows[ITEM])
    ratings = rows[RATING].cast(pl.Float64).to_numpy()
    counts = np.bincount(rated, minlength=len(known))
    above = np.bincount(rated, ratings - ratings.mean(), len(known)).astype(np.float64)
    if rows[TIMESTAMP].null_count():
        return ItemFacts(counts, above)
    years = rows[TIMESTAMP].to_numpy() / SECONDS_PER_YEAR
    first = np.full(len(known), np.inf)
    np.minimum.at(first, rated, years)
    step = ((years - years.min()) * QUARTERS).astype(np.int64)
    by_quarter = np.zeros((len(known), int(step.max()) + 1), dtype=np.float32)
    np.add.at(by_quarter, (rated, step), 1.0)
    last, end = np.full(len(known), -np.inf), float(years.max())
    np.maximum.at(last, rated, years)
    days = (end - years) * DAYS_PER_YEAR
    counted = [np.bincount(rated[days <= span], minlength=len(known)) for span in WINDOWS]
    late = days <= DAYS_PER_YEAR
    facts = ItemFacts(
        counts,
        above,
        first,
        float(years.min()),
        by_quarter,
        last=last,
        end=end,
        lately=np.stack(counted, axis=1).astype(np.float64),
        lately_above=np.bincount(rated[late], (ratings - ratings.mean())[late], len(known)).astype(
            np.float64
        ),
    )
    if not (closeness or nexts):
        return facts
    rater, _ = places_of(ids_of(rows[USER].unique().sort()), rows[USER])
    order = np.lexsort((rated, years, rater))
    return replace(
        facts,
        closeness=_closeness(rater, rated, order, len(known)) if closeness else None,
        nexts=transitions(rater, rated, years, order, len(known)) if nexts else None,
    )


def _closeness(rater: Ints, rated: Ints, order: Ints, items: int) -> csr_array:
    """Sparse (I, I), symmetric: how close together people rate two items; `order` is their own.

    A person who rated both within 5 places counts 1 / sqrt(places apart), the others 0; the mean
    over them is shrunk as if by three others.
    """
    shape = (int(rater.max(initial=-1)) + 1, items)
    who, what = rater[order], rated[order]
    matrix = csr_array((np.ones(len(rater)), (rater, rated)), shape=shape)
    summed = csr_array((items, items))
    for apart in range(1, min(REACH, len(who) - 1) + 1):
        same = who[apart:] == who[:-apart]
        near = what[:-apart][same], what[apart:][same]
        summed = summed + csr_array((np.full(len(near[0]), apart**-0.5), near), shape=summed.shape)
    summed = csr_array(summed + summed.T)
    both = (matrix.T @ matrix).multiply(summed > 0)
    return csr_array(summed.multiply((both + SHRINK * (summed > 0)).power(-1)))
