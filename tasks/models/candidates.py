"""The C items with the highest estimate per user, and candidates of several models in one list."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.arrays import Floats, Ids, Places, ids_of, places_of, within
from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, USER
from tasks.models.base import BLOCK_CELLS, Model, Searched

COUNT = "count"

Numbers = NDArray[np.floating[Any]]

GROUP = 32
"""Items, at most, that are looked at by their highest estimate first."""

UNFILLED = np.iinfo(np.int64).max

MARGIN = 8
"""Items beyond those wanted that are looked at exactly: float32 may take near ones for others."""


def count_ratings(ratings: pl.LazyFrame) -> pl.DataFrame:
    """Item and its number of ratings, sorted by item."""
    counted = ratings.group_by(ITEM).len(COUNT).with_columns(pl.col(COUNT).cast(pl.Int64))
    return counted.sort(ITEM).collect()


def top_candidates(
    model: Model,
    ratings: pl.DataFrame,
    users: pl.Series,
    count: int,
    seed: int,
    *,
    counts: pl.DataFrame | None = None,
    only: pl.Series | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> pl.DataFrame:
    """User, item, estimate, base_rank of up to `count` train items per user, none of them rated.

    `ratings` are the train ratings of these users at least; `counts` (`count_ratings`) those of
    everybody, from `ratings` unless given; `only` leaves items outside it aside. The order is by
    the unclipped estimate, since many are clipped to the top of the scale and would tie; then by
    the number of train ratings; then by a draw of the items. Never by id: a low one often means an
    old and popular item. `estimate` is clipped. Works through blocks of users, in bounded memory.
    """
    wanted = ids_of(users)
    outside = _outside(model, only)
    rows, columns = _rated(model, ratings, users)
    ties = tie_order(model, count_ratings(ratings.lazy()) if counts is None else counts, seed)
    size = max(1, BLOCK_CELLS // max(len(model.items), 1))
    blocks = []
    for start in range(0, len(wanted), size):
        block = wanted[start : start + size]
        first, last = np.searchsorted(rows, [start, start + size])
        rated = rows[first:last] - start, columns[first:last]
        if model.same_for_everybody:
            blocks.append(_first_unrated(model, block, rated, outside, count, ties))
        else:
            estimates = model.search(block)
            estimates[:, outside] = -np.inf
            estimates[rated] = -np.inf
            blocks.append(best_of(model, block, estimates, count, ties))
        advance(len(block))
    return _table(model, users, blocks)


Best = tuple[Places, Places, Floats]
"""Some users' best items in order: how many each has (n,), positions and estimates (P,)."""


def best_of(model: Model, users: Ids, estimates: Searched, count: int, ties: Places) -> Best:
    """The `count` highest of each user's estimates (n, I) by their exact values; never -inf.

    `ties` as `tie_order` gives them.
    """
    exact = model.search_is_exact
    lengths, chosen = highest(estimates, count if exact else count + MARGIN, ties)
    owner = np.repeat(np.arange(len(users)), lengths)
    if exact:
        values = estimates[owner, chosen].astype(np.float64)
    else:
        values = model.estimates_of_pairs(users[owner], chosen)
    order = _descending(values, lengths)[within(lengths) < count]
    return np.minimum(lengths, count), chosen[order], values[order]


def _first_unrated(
    model: Model,
    users: Ids,
    rated: tuple[Places, Places],
    outside: Places,
    count: int,
    ties: Places,
) -> Best:
    """What `best_of` gives where all users have the same estimates: one order serves them all.

    `rated`: rows among the users, and positions, of what is left out beside the items `outside`.
    """
    estimates = model.estimates(users[:1])[0]
    order = ties[np.argsort(-estimates[ties], kind="stable")]
    order = order[~np.isin(order, outside)]
    most = int(np.bincount(rated[0], minlength=1).max())
    free = np.ones((len(users), len(estimates)), dtype=np.bool_)
    free[rated] = False
    free = free[:, order[: count + most]]
    free &= np.cumsum(free, axis=1) <= count
    _, places = np.nonzero(free)
    chosen = order[places]
    return free.sum(axis=1), chosen, estimates[chosen]


def highest(estimates: Numbers, count: int, ties: Places) -> tuple[Places, Places]:
    """How many of each row (n,), and their positions (P,), each row's in the order of `ties`.

    The count-th highest of the maxima of groups of items is at most the count-th highest of all:
    so only what reaches it is looked at one by one.
    """
    reached = np.maximum(_reached(estimates, count), np.finfo(estimates.dtype).min)
    places = np.flatnonzero(estimates >= reached[:, None])  # slow in two dimensions
    rows, columns = np.divmod(places, max(len(ties), 1))
    values = estimates[rows, columns]
    lengths = np.bincount(rows, minlength=len(estimates))
    least = _least(_in_rows(values, lengths, -np.inf), count)[rows]
    kept = values >= least
    place = np.empty(len(ties), np.int64)
    place[ties] = np.arange(len(ties))
    rows, places, equal = rows[kept], place[columns[kept]], (values == least)[kept]
    lengths = np.bincount(rows, minlength=len(estimates))
    table = np.sort(_in_rows(places + equal * len(ties), lengths, UNFILLED), axis=1)
    table = table[:, :count]  # of equal ones, which stand at the end, the first
    places = np.sort(np.where(table < UNFILLED, table % len(ties), UNFILLED), axis=1)
    real = places < UNFILLED
    return real.sum(axis=1), ties[places[real]]


def _in_rows(values: NDArray[Any], lengths: Places, fill: float) -> NDArray[Any]:
    """Runs of values as the rows of a table, filled up at their ends."""
    real = np.arange(lengths.max(initial=0)) < lengths[:, None]
    table = np.full(real.shape, fill, values.dtype)
    table[real] = values
    return table


def _reached(estimates: Numbers, count: int) -> Numbers:
    """A number (n,) per row that at least its `count` highest reach.

    A group's items lie far apart: neighbours are often rated alike, and would hide each other.
    """
    people, items = estimates.shape
    size = min(GROUP, items // max(2 * count, 1))
    if size < 2:
        return _least(estimates, count)
    groups = items // size
    grouped = estimates[:, : size * groups].reshape(people, size, groups)
    return _least(grouped.max(axis=1), count)


def _least(table: Numbers, count: int) -> Numbers:
    """The `count`-th highest number (n,) of each row; -inf where it has fewer."""
    if table.shape[1] <= count:
        return np.full(len(table), -np.inf, table.dtype)
    least: Numbers = np.partition(table, -count, axis=1)[:, -count]
    return least


def _descending(values: Floats, lengths: Places) -> Places:
    """The order (P,) that sorts each run of the values, highest first; equal ones stay in order."""
    table = _in_rows(-values, lengths, np.inf)
    starts = np.cumsum(lengths) - lengths
    places = starts[:, None] + np.argsort(table, axis=1, kind="stable")
    order: Places = places[np.arange(table.shape[1]) < lengths[:, None]]
    return order


def tie_order(model: Model, counts: pl.DataFrame, seed: int) -> Places:
    """The positions of the items (I,): those with more train ratings first, then as drawn."""
    place, known = places_of(model.items, counts[ITEM])
    often = np.zeros(len(model.items), dtype=np.int64)
    often[place[known]] = counts[COUNT].to_numpy()[known]
    draw = np.random.default_rng(seed).permutation(len(often))
    return np.lexsort((draw, -often))


def _outside(model: Model, only: pl.Series | None) -> Places:
    if only is None:
        return np.empty(0, np.int64)
    return np.flatnonzero(~np.isin(model.items, ids_of(only)))


def _rated(model: Model, ratings: pl.DataFrame, users: pl.Series) -> tuple[Places, Places]:
    """What the users rated: rows in `users`, ascending, and positions among the model's items."""
    numbered = pl.DataFrame({USER: users}).with_row_index("row")
    mine = ratings.join(numbered, on=USER).select("row", ITEM).sort("row", ITEM)
    columns, known = places_of(model.items, mine[ITEM])
    return mine["row"].cast(pl.Int64).to_numpy()[known], columns[known]


def _table(model: Model, users: pl.Series, blocks: list[Best]) -> pl.DataFrame:
    nothing: Best = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    lengths, chosen, values = map(np.concatenate, zip(nothing, *blocks, strict=True))
    owners = np.repeat(np.arange(len(lengths)), lengths)
    return pl.DataFrame(
        {
            USER: users.gather(owners),
            ITEM: catalogue_of(model).gather(chosen),
            ESTIMATE: np.clip(values, *model.scale),
            BASE_RANK: (within(lengths) + 1).astype(np.int32),
        }
    )


def catalogue_of(model: Model) -> pl.Series:
    """The model's items as a column."""
    kind = pl.String() if model.items.dtype.kind == "U" else pl.Int64()
    return pl.Series(ITEM, model.items.tolist(), dtype=kind)


def pair_estimates(model: Model, pairs: pl.DataFrame) -> Floats:
    """Clipped estimates (rows,) of the pairs in columns user and item, in their order.

    As Surprise's `predict`: of an unknown user or item only the known side's bias counts.
    """
    users = ids_of(pairs[USER])
    place, known = places_of(model.items, pairs[ITEM])
    values = model.estimates_of_pairs(users, place)
    values[~known] = model.estimates_of_unknown(users[~known])
    return np.clip(values, *model.scale)


def join_candidates(lists: Mapping[str, pl.DataFrame], base: str, model: Model) -> pl.DataFrame:
    """User, item, estimate, base_rank, and per source its rank ("svd_rank"; null: not in its list).

    `model` is the base model and `base` its name: the base order is its own list, then what only
    others proposed, by its estimate. Sorted by user and base_rank.
    """
    ranks = [
        table.select(USER, ITEM, pl.col(BASE_RANK).alias(f"{name}_rank"))
        for name, table in lists.items()
    ]
    joined = pl.concat([table.select(USER, ITEM) for table in ranks]).unique().sort(USER, ITEM)
    for table in ranks:
        joined = joined.join(table, on=[USER, ITEM], how="left", maintain_order="left")
    estimated = joined.with_columns(pl.Series(ESTIMATE, pair_estimates(model, joined)))
    own = pl.col(f"{base}_rank").fill_null(pl.len().over(USER) + 1)
    ordered = estimated.with_columns(own.alias("own")).sort(
        [USER, "own", ESTIMATE, ITEM], descending=[False, False, True, False]
    )
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER)
    numbered = ordered.with_columns(place.alias(BASE_RANK))
    return numbered.select(USER, ITEM, ESTIMATE, BASE_RANK, *(f"{name}_rank" for name in lists))
