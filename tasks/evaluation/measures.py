"""Every metric of ranked lists at once: a table with one row per user, and numbers over all lists.

Names are "METRIC@K". A metric counts every held-out item as relevant; with " liked" in its name
only those rated `relevant_at` or more. "HR liked" is called cHR, the "cumulative hit rate".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM, KS, USER
from tasks.evaluation.accuracy import ACCURACY
from tasks.evaluation.beyond import ALL_LISTS, PER_LIST, Catalogue
from tasks.evaluation.lists import DenseLists, Floats, Ints, count_each, dense_lists

CANDIDATE_RECALL = "candidate recall"

SHORT = {"HR liked": "cHR"}
"""Metrics with a name of their own."""


@dataclass(frozen=True)
class GroundTruth:
    """What lists are measured against: `held_out` (user, item, rating) of the sorted `users`.

    `users` are those who count. `relevant_at`: the rating from which an item is liked.
    """

    held_out: pl.DataFrame
    users: pl.Series
    relevant_at: float
    catalogue: Catalogue


def per_user(
    ranked: pl.DataFrame,
    list_column: str,
    truth: GroundTruth,
    candidates_count: int,
    ks: Sequence[int] = KS,
) -> pl.DataFrame:
    """User, and per metric and K a Float64 column; one row per user who counts, in their order.

    `ranked` holds (user, item) and in `list_column` the places, 1 is best. Beside the metrics of
    ACCURACY and PER_LIST there is "candidate recall@C", C being `candidates_count`: the share of
    the user's held-out items among all rows of the user. A user without any rows counts with 0.
    Null is what is not defined: a " liked" metric where nothing held out is liked, and a property
    of an empty list.
    """
    depth = max(ks)
    rated = _dense(ranked, list_column, truth, depth)
    liked = _dense(ranked, list_column, truth, depth, truth.relevant_at)
    columns = {
        **_accuracy(rated, ks),
        **_accuracy(liked, ks, " liked"),
        **_per_list(rated.items, truth.catalogue, ks),
        f"{CANDIDATE_RECALL}@{candidates_count}": _candidate_recall(ranked, truth),
    }
    values = [pl.Series(name, v, pl.Float64, nan_to_null=True) for name, v in columns.items()]
    return pl.DataFrame([truth.users.alias(USER), *values])


def overall(
    ranked: pl.DataFrame, list_column: str, truth: GroundTruth, ks: Sequence[int] = KS
) -> dict[str, float]:
    """The metrics of ALL_LISTS, over the lists of the users who count; NaN: not defined."""
    items = _dense(ranked, list_column, truth, max(ks)).items
    return {
        f"{name}@{k}": metric(items[:, :k], truth.catalogue)
        for name, metric in ALL_LISTS.items()
        for k in ks
    }


def _dense(
    ranked: pl.DataFrame,
    list_column: str,
    truth: GroundTruth,
    depth: int,
    relevant_at: float | None = None,
) -> DenseLists:
    held_out, users, items = truth.held_out, truth.users, truth.catalogue.items
    return dense_lists(ranked, held_out, users, list_column, items, depth, relevant_at)


def _accuracy(lists: DenseLists, ks: Sequence[int], suffix: str = "") -> dict[str, Floats]:
    """The metrics of ACCURACY; NaN for users of whom nothing relevant is held out."""
    some = lists.relevant > 0
    hits, relevant = lists.hits[some], lists.relevant[some]
    columns = {}
    for name, metric in ACCURACY.items():
        for k in ks:
            column = np.full(len(some), np.nan)
            column[some] = metric(hits[:, :k], relevant)
            columns[f"{SHORT.get(name + suffix, name + suffix)}@{k}"] = column
    return columns


def _per_list(items: Ints, catalogue: Catalogue, ks: Sequence[int]) -> dict[str, Floats]:
    return {
        f"{name}@{k}": metric(items[:, :k], catalogue)
        for name, metric in PER_LIST.items()
        for k in ks
    }


def _candidate_recall(ranked: pl.DataFrame, truth: GroundTruth) -> Floats:
    proposed = truth.held_out.join(ranked, on=[USER, ITEM], how="semi")
    hits = count_each(proposed, truth.users)
    wanted = count_each(truth.held_out, truth.users)
    return np.where(wanted > 0, hits / np.maximum(wanted, 1), np.nan)
