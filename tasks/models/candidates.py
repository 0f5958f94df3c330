"""The C items with the highest estimate per user, for everybody at once."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.models.factors import Factors, Floats, positions
from tasks.vocabulary import BASE_RANK, ESTIMATE, ITEM, USER

BLOCK_CELLS = 8_000_000
"""Estimates held at once: 64 MB, whatever the number of users."""


def top_candidates(
    factors: Factors,
    ratings: pl.DataFrame,
    users: pl.Series,
    count: int,
    advance: Callable[[int], None] = lambda _count: None,
) -> pl.DataFrame:
    """User, item, estimate, base_rank of up to `count` train items per user, none of them rated.

    `ratings` are the train ratings. The order is by the unclipped estimate, then by item id: many
    estimates are clipped to the top of the scale, and would tie. `estimate` is clipped.
    """
    wanted = _ids(users)
    rated = _rated_positions(factors, ratings, users)
    size = max(1, BLOCK_CELLS // max(len(factors.items), 1))
    blocks = []
    for start in range(0, len(wanted), size):
        block = slice(start, start + size)
        estimates = factors.estimates(wanted[block])
        for row, seen in enumerate(rated[block]):
            estimates[row, seen] = -np.inf
        blocks += [(start + row, *top_of(line, count)) for row, line in enumerate(estimates)]
        advance(len(estimates))
    return _table(factors, users, blocks)


def top_of(estimates: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Positions and values of the `count` highest, ties by position; -inf is never among them."""
    if count < len(estimates):
        least = np.partition(estimates, -count)[-count]
        found = np.flatnonzero((estimates >= least) & (estimates > -np.inf))
    else:
        found = np.flatnonzero(estimates > -np.inf)
    order = np.argsort(-estimates[found], kind="stable")[:count]
    chosen = found[order]
    return chosen, estimates[chosen]


def _rated_positions(
    factors: Factors, ratings: pl.DataFrame, users: pl.Series
) -> list[NDArray[np.int64]]:
    """Per user the positions, among the model's items, of what the user rated."""
    mine = ratings.join(pl.DataFrame({USER: users}), on=USER, how="semi").sort(USER, ITEM)
    index, known = positions(factors.items, _ids(mine[ITEM]))
    owners, starts = np.unique(_ids(mine[USER]), return_index=True)
    ends = np.append(starts, mine.height)[1:]
    spans = {owner: slice(a, b) for owner, a, b in zip(owners, starts, ends, strict=True)}
    nobody = slice(0, 0)
    found = (spans.get(user, nobody) for user in _ids(users))
    return [index[span][known[span]] for span in found]


def _table(
    factors: Factors, users: pl.Series, blocks: list[tuple[int, NDArray[np.int64], Floats]]
) -> pl.DataFrame:
    lengths = np.array([len(chosen) for _, chosen, _ in blocks], dtype=np.int64)
    chosen = np.concatenate([c for _, c, _ in blocks] or [np.empty(0, np.int64)])
    values = np.concatenate([v for _, _, v in blocks] or [np.empty(0)])
    owners = np.repeat(np.arange(len(blocks)), lengths)
    ranks = np.arange(len(chosen)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + 1
    items = pl.Series(ITEM, factors.items[chosen].tolist(), dtype=_kind(factors.items))
    return pl.DataFrame(
        {
            USER: users.gather(owners),
            ITEM: items,
            ESTIMATE: np.clip(values, *factors.scale),
            BASE_RANK: ranks.astype(np.int32),
        }
    )


def _ids(column: pl.Series) -> NDArray[np.generic]:
    return np.array(column.to_list()) if column.dtype == pl.String else column.to_numpy()


def _kind(ids: NDArray[np.generic]) -> pl.DataType:
    return pl.String() if ids.dtype.kind == "U" else pl.Int64()
