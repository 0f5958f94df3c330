"""The C items with the highest estimate per user, for everybody at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.core.arrays import Places, within
from tasks.core.vocabulary import BASE_RANK, ESTIMATE, ITEM, USER
from tasks.models.base import BaseModel, Floats, Ids
from tasks.models.factors import BLOCK_CELLS, Factors
from tasks.models.interactions import ids_of, places_of

COUNT = "count"

MARGIN = 8
"""Items beyond those wanted that are looked at exactly: float32 may take near ones for others."""


def count_ratings(ratings: pl.LazyFrame) -> pl.DataFrame:
    """Item and its number of ratings, sorted by item."""
    counted = ratings.group_by(ITEM).len(COUNT).with_columns(pl.col(COUNT).cast(pl.Int64))
    return counted.sort(ITEM).collect()


def top_candidates(
    model: BaseModel,
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
    barred = _barred(model, only)
    rated = _rated_positions(model, ratings, users)
    ties = tie_order(model, count_ratings(ratings.lazy()) if counts is None else counts, seed)
    size = max(1, BLOCK_CELLS // max(len(model.items), 1))
    blocks = []
    for start in range(0, len(wanted), size):
        block = slice(start, start + size)
        estimates = model.search(wanted[block])
        estimates[:, barred] = -np.inf
        for row, seen in enumerate(rated[block]):
            estimates[row, seen] = -np.inf
        found = [top_of(line, count + MARGIN, ties) for line in estimates]
        blocks.append(_exactly(model, wanted[block], found, count, ties))
        advance(len(estimates))
    return _table(model, users, blocks)


def top_of(
    estimates: NDArray[np.floating], count: int, ties: Places
) -> tuple[Places, NDArray[np.floating]]:
    """Positions and values of the `count` highest, equal ones by `ties`; never those of -inf."""
    if count < len(estimates):
        least = np.partition(estimates, -count)[-count]
        found = np.flatnonzero((estimates >= least) & (estimates > -np.inf))
    else:
        found = np.flatnonzero(estimates > -np.inf)
    chosen = found[np.lexsort((ties[found], -estimates[found]))[:count]]
    return chosen, estimates[chosen]


class _Block(NamedTuple):
    """Some users' candidates in order: how many each has (n,), positions and estimates (P,)."""

    lengths: Places
    chosen: Places
    values: Floats


def _exactly(
    model: BaseModel,
    users: Ids,
    found: list[tuple[Places, NDArray[np.floating]]],
    count: int,
    ties: Places,
) -> _Block:
    """The `count` highest of what was found in float32, in the order of their exact estimates."""
    lengths = np.array([len(chosen) for chosen, _ in found], dtype=np.int64)
    owner = np.repeat(np.arange(len(users)), lengths)
    chosen = np.concatenate([chosen for chosen, _ in found])
    if isinstance(model, Factors):
        values = model.estimates_of_pairs(users[owner], chosen)
    else:
        values = np.concatenate([values for _, values in found]).astype(np.float64)
    order = np.lexsort((ties[chosen], -values, owner))
    order = order[within(lengths) < count]
    return _Block(np.minimum(lengths, count), chosen[order], values[order])


def tie_order(model: BaseModel, counts: pl.DataFrame, seed: int) -> Places:
    """Per item its place (I,) among all: those with more train ratings first, then as drawn."""
    place, known = places_of(model.items, counts[ITEM])
    often = np.zeros(len(model.items), dtype=np.int64)
    often[place[known]] = counts[COUNT].to_numpy()[known]
    draw = np.random.default_rng(seed).permutation(len(often))
    return np.argsort(np.lexsort((draw, -often)))


def _barred(model: BaseModel, only: pl.Series | None) -> Places:
    if only is None:
        return np.empty(0, np.int64)
    return np.flatnonzero(~np.isin(model.items, ids_of(only)))


def _rated_positions(model: BaseModel, ratings: pl.DataFrame, users: pl.Series) -> list[Places]:
    """Per user the positions, among the model's items, of what the user rated."""
    mine = ratings.join(pl.DataFrame({USER: users}), on=USER, how="semi").sort(USER, ITEM)
    index, known = places_of(model.items, mine[ITEM])
    owners, starts = np.unique(ids_of(mine[USER]), return_index=True)
    ends = np.append(starts, mine.height)[1:]
    spans = {owner: slice(a, b) for owner, a, b in zip(owners, starts, ends, strict=True)}
    nobody = slice(0, 0)
    found = (spans.get(user, nobody) for user in ids_of(users))
    return [index[span][known[span]] for span in found]


def _table(model: BaseModel, users: pl.Series, blocks: list[_Block]) -> pl.DataFrame:
    nothing = _Block(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    lengths, chosen, values = map(np.concatenate, zip(nothing, *blocks, strict=True))
    owners = np.repeat(np.arange(len(lengths)), lengths)
    catalogue = pl.Series(ITEM, model.items.tolist(), dtype=_kind(model.items))
    return pl.DataFrame(
        {
            USER: users.gather(owners),
            ITEM: catalogue.gather(chosen),
            ESTIMATE: np.clip(values, *model.scale),
            BASE_RANK: (within(lengths) + 1).astype(np.int32),
        }
    )


def _kind(ids: Ids) -> pl.DataType:
    return pl.String() if ids.dtype.kind == "U" else pl.Int64()
