"""The C items with the highest estimate per user, for everybody at once."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.models.base import BaseModel, Floats, Ids
from tasks.models.factors import positions
from tasks.models.interactions import ids_of
from tasks.vocabulary import BASE_RANK, ESTIMATE, ITEM, USER

Places = NDArray[np.int64]

BLOCK_CELLS = 8_000_000
"""Estimates held at once: 64 MB, whatever the number of users."""


def top_candidates(
    model: BaseModel,
    ratings: pl.DataFrame,
    users: pl.Series,
    count: int,
    seed: int,
    *,
    only: pl.Series | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> pl.DataFrame:
    """User, item, estimate, base_rank of up to `count` train items per user, none of them rated.

    `ratings` are the train ratings; `only` leaves items outside it aside. The order is by the
    unclipped estimate, since many are clipped to the top of the scale and would tie; then by the
    number of train ratings; then by a draw of the items. Never by id: a low one often means an
    old and popular item. `estimate` is clipped.
    """
    wanted = ids_of(users)
    barred = _barred(model, only)
    rated = _rated_positions(model, ratings, users)
    ties = _tie_order(model, ratings, seed)
    size = max(1, BLOCK_CELLS // max(len(model.items), 1))
    blocks = []
    for start in range(0, len(wanted), size):
        block = slice(start, start + size)
        estimates = model.estimates(wanted[block])
        estimates[:, barred] = -np.inf
        for row, seen in enumerate(rated[block]):
            estimates[row, seen] = -np.inf
        blocks += [(start + row, *top_of(line, count, ties)) for row, line in enumerate(estimates)]
        advance(len(estimates))
    return _table(model, users, blocks)


def top_of(estimates: Floats, count: int, ties: Places) -> tuple[Places, Floats]:
    """Positions and values of the `count` highest, equal ones by `ties`; never those of -inf."""
    if count < len(estimates):
        least = np.partition(estimates, -count)[-count]
        found = np.flatnonzero((estimates >= least) & (estimates > -np.inf))
    else:
        found = np.flatnonzero(estimates > -np.inf)
    chosen = found[np.lexsort((ties[found], -estimates[found]))[:count]]
    return chosen, estimates[chosen]


def _tie_order(model: BaseModel, ratings: pl.DataFrame, seed: int) -> Places:
    """Per item its place (I,) among all: those with more train ratings first, then as drawn."""
    place, known = positions(model.items, ids_of(ratings[ITEM]))
    counts = np.bincount(place[known], minlength=len(model.items))
    draw = np.random.default_rng(seed).permutation(len(counts))
    return np.argsort(np.lexsort((draw, -counts)))


def _barred(model: BaseModel, only: pl.Series | None) -> Places:
    if only is None:
        return np.empty(0, np.int64)
    return np.flatnonzero(~np.isin(model.items, ids_of(only)))


def _rated_positions(model: BaseModel, ratings: pl.DataFrame, users: pl.Series) -> list[Places]:
    """Per user the positions, among the model's items, of what the user rated."""
    mine = ratings.join(pl.DataFrame({USER: users}), on=USER, how="semi").sort(USER, ITEM)
    index, known = positions(model.items, ids_of(mine[ITEM]))
    owners, starts = np.unique(ids_of(mine[USER]), return_index=True)
    ends = np.append(starts, mine.height)[1:]
    spans = {owner: slice(a, b) for owner, a, b in zip(owners, starts, ends, strict=True)}
    nobody = slice(0, 0)
    found = (spans.get(user, nobody) for user in ids_of(users))
    return [index[span][known[span]] for span in found]


def _table(
    model: BaseModel, users: pl.Series, blocks: list[tuple[int, Places, Floats]]
) -> pl.DataFrame:
    lengths = np.array([len(chosen) for _, chosen, _ in blocks], dtype=np.int64)
    chosen = np.concatenate([c for _, c, _ in blocks] or [np.empty(0, np.int64)])
    values = np.concatenate([v for _, _, v in blocks] or [np.empty(0)])
    owners = np.repeat(np.arange(len(blocks)), lengths)
    ranks = np.arange(len(chosen)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    items = pl.Series(ITEM, model.items[chosen].tolist(), dtype=_kind(model.items))
    return pl.DataFrame(
        {
            USER: users.gather(owners),
            ITEM: items,
            ESTIMATE: np.clip(values, *model.scale),
            BASE_RANK: ranks.astype(np.int32),
        }
    )


def _kind(ids: Ids) -> pl.DataType:
    return pl.String() if ids.dtype.kind == "U" else pl.Int64()
