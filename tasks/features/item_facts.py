"""What all train ratings say of items: made once per train set, read by every chunk of users."""

from dataclasses import replace

import numpy as np
import polars as pl
from scipy.sparse import csr_array, vstack

from tasks.core.arrays import Ids, ids_of, places_of, within
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.features.facts import DAYS_PER_YEAR, SECONDS_PER_YEAR, WINDOWS, Ints, ItemFacts
from tasks.models.transitions import transitions

QUARTERS = 4.0
"""Steps per year of the counts over time."""

REACH = 5
SHRINK = 3.0
CLOSEST = 1000
"""Items near to one that are kept."""
ROWS_AT_ONCE = 1024


def item_facts(
    train: pl.DataFrame,
    items: pl.DataFrame,
    *,
    closeness: bool,
    nexts: bool = False,
    share: float = 1.0,
    drawn: pl.DataFrame | None = None,
) -> ItemFacts:
    """The facts of all train ratings for the items of the catalogue, in the order of sorted ids.

    Without `closeness` and `nexts` these are left out: they grow with the pairs of items. Of a
    sample, which is a `share` of all ratings, counts are as if of all. `drawn`: the ratings that
    say of pairs of items what they say, instead of all.
    """
    known = ids_of(items[ITEM].sort())
    rows = train.sort(USER, ITEM)
    rated, _ = places_of(known, rows[ITEM])
    ratings = rows[RATING].cast(pl.Float64).to_numpy()
    counts = np.bincount(rated, minlength=len(known)) / share
    above = np.bincount(rated, ratings - ratings.mean(), len(known)) / share
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
        lately=np.stack(counted, axis=1) / share,
        lately_above=np.bincount(rated[late], (ratings - ratings.mean())[late], len(known)) / share,
    )
    if not (closeness or nexts):
        return facts
    return _with_pairs(facts, rows if drawn is None else drawn, known, closeness, nexts)


def _with_pairs(
    facts: ItemFacts, ratings: pl.DataFrame, known: Ids, closeness: bool, nexts: bool
) -> ItemFacts:
    rows = ratings.sort(USER, ITEM)
    rated, _ = places_of(known, rows[ITEM])
    rater, _ = places_of(ids_of(rows[USER].unique().sort()), rows[USER])
    years = rows[TIMESTAMP].to_numpy() / SECONDS_PER_YEAR
    order = np.lexsort((rated, years, rater))
    return replace(
        facts,
        closeness=_closeness(rater, rated, order, len(known)) if closeness else None,
        nexts=transitions(rater, rated, years, order, len(known)) if nexts else None,
    )


def _closeness(rater: Ints, rated: Ints, order: Ints, items: int) -> csr_array:
    """Sparse (I, I), how close together people rate two items; `order` is their own.

    A person who rated both within 5 places counts 1 / sqrt(places apart), the others 0; the mean
    over them is shrunk as if by three others. Of an item the 1,000 closest count.
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
    raters = matrix.T.tocsr()
    parts = []
    for start in range(0, items, ROWS_AT_ONCE):
        near = summed[start : start + ROWS_AT_ONCE]
        both = (raters[start : start + ROWS_AT_ONCE] @ matrix).multiply(near > 0)
        shrunk = both + SHRINK * (near > 0)
        parts.append(_closest(csr_array(near.multiply(shrunk.power(-1)))))
    return csr_array(vstack(parts))


def _closest(rows: csr_array) -> csr_array:
    """The same with the highest `CLOSEST` numbers of each row alone."""
    lengths = np.diff(rows.indptr)
    if lengths.max(initial=0) <= CLOSEST:
        return rows
    row = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((-rows.data, row))
    kept = order[within(lengths) < CLOSEST]
    parts = rows.data[kept], (row[kept], rows.indices[kept])
    return csr_array(parts, shape=rows.shape)
