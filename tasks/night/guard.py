"""How lists published before did on the ratings that arrived since: re-ranked against base.

What people rate depends on what they were shown, so the list that was published has an advantage.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from tasks.core.vocabulary import BASE_RANK, RANK, RATING, USER, Record
from tasks.evaluation.accuracy import ACCURACY
from tasks.evaluation.lists import dense_lists
from tasks.evaluation.significance import paired
from tasks.settings.night import NightOptions

METRIC = "NDCG"
EVERYBODY = "everybody"
COUNT = "ratings"


class Verdict(Record):
    """What is known of one segment of users; the figures are None where it is too little."""

    segment: str
    users: int
    ratings: int
    metric: str
    k: int
    base: float | None = None
    reranked: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: str

    @property
    def worse(self) -> bool:
        """Whether the base lists are to be published."""
        return self.verdict == "worse"


def judge(
    lists: pl.DataFrame, arrived: pl.DataFrame, items: pl.Series, top: int, relevant_at: float
) -> pl.DataFrame:
    """User, ratings (that arrived), and NDCG@top of the base list and of the re-ranked list.

    A hit is an item that the user came to rate `relevant_at` or more: only users with one count.
    `arrived` (user, item, rating); `items`: every item that may stand in a list.
    """
    liked = arrived.filter(pl.col(RATING) >= relevant_at)
    users = liked.join(lists, on=USER, how="semi")[USER].unique().sort()
    columns = {}
    for name, column in (("base", BASE_RANK), ("reranked", RANK)):
        dense = dense_lists(lists, liked, users, column, items, top)
        columns[name] = ACCURACY[METRIC](dense.hits, dense.relevant)
    counted = arrived.group_by(USER).len(COUNT)
    told = pl.DataFrame([users.alias(USER), *(pl.Series(n, v) for n, v in columns.items())])
    return told.join(counted, on=USER, how="left").sort(USER)


def verdicts(
    nights: Sequence[pl.DataFrame],
    history: pl.DataFrame,
    top: int,
    limits: NightOptions,
    seed: int,
) -> list[Verdict]:
    """One on everybody, and one per segment of users by how much they have rated (`history`).

    `nights`: tables of `judge`. The intervals of the segments share one level (Bonferroni), so
    that parting people more finely does not make a false alarm likelier.
    """
    known = [table for table in nights if table.height]
    parts = list(_segments(history, limits.guard_activity))
    found = [_verdict(EVERYBODY, known, top, limits, limits.guard_level, seed)]
    if len(parts) > 1:
        level = 1 - (1 - limits.guard_level) / len(parts)
        for name, users in parts:
            own = [table.join(users, on=USER, how="semi") for table in known]
            own = [table for table in own if table.height]
            found.append(_verdict(name, own, top, limits, level, seed))
    return found


def guarded_users(
    found: Sequence[Verdict], history: pl.DataFrame, limits: NightOptions
) -> pl.Series:
    """The users, sorted, for whom base lists are to be published."""
    worse = {verdict.segment for verdict in found if verdict.worse}
    if EVERYBODY in worse:
        return history[USER].sort()
    parts = [users for name, users in _segments(history, limits.guard_activity) if name in worse]
    return pl.concat([history.select(USER).clear(), *parts])[USER].sort()


def _segments(history: pl.DataFrame, bounds: Sequence[int]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Name and users of each part; `history` (user, ratings)."""
    for low, high in pairwise([0, *bounds, None]):
        if high is None:
            name, inside = f"{low} ratings or more", pl.col(COUNT) >= low
        else:
            name, inside = f"{low} to {high - 1} ratings", pl.col(COUNT).is_between(low, high - 1)
        yield name, history.filter(inside).select(USER)


def _verdict(
    segment: str,
    nights: Sequence[pl.DataFrame],
    top: int,
    limits: NightOptions,
    level: float,
    seed: int,
) -> Verdict:
    rows = pl.concat(nights) if nights else None
    users = 0 if rows is None else rows[USER].n_unique()
    told = Verdict(
        segment=segment,
        users=users,
        ratings=0 if rows is None else int(rows[COUNT].sum()),
        metric=METRIC,
        k=top,
        verdict="insufficient",
    )
    if rows is None or users < limits.guard_users:
        return told
    reranked, base = (
        {night: t.select(USER, pl.col(name).alias(METRIC)) for night, t in enumerate(nights)}
        for name in ("reranked", "base")
    )
    row = paired(reranked, base, seed, flips=1, level=level).row(0, named=True)
    worse = row["high"] < -limits.guard_margin
    figures = {name: row[name] for name in ("difference", "low", "high")}
    means = {name: float(np.mean(rows[name].to_numpy())) for name in ("base", "reranked")}
    return told.model_copy(update=figures | means | {"verdict": "worse" if worse else "not worse"})


def guard_note(verdicts: Sequence[Verdict], users: int) -> str:
    """Why base lists are published for so many users: the verdicts that are worse."""
    worse = [verdict for verdict in verdicts if verdict.worse]
    whole = [verdict for verdict in worse if verdict.segment == EVERYBODY]
    figures = "; ".join(
        f"{v.segment}: {v.metric}@{v.k} {v.difference:+.4f} [{v.low:+.4f}, {v.high:+.4f}]"
        f" over {v.users:,} users"
        for v in whole or worse
    )
    return (
        f"On the ratings that arrived since, re-ranked lists did worse than base lists ({figures})."
        f" Base lists are published for {users:,} users."
    )
