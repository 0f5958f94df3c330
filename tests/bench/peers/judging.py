"""Lists made at one moment, judged by what people rated in the days after it.

The figure is that of `palate evaluate --protocol horizon`: the same people, the same held-out
ratings, the same NDCG. So whoever makes lists from the train side alone stands beside it.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from tasks.core.vocabulary import ITEM, USER
from tasks.evaluation.accuracy import ndcg
from tasks.evaluation.lists import dense_lists
from tasks.evaluation.splits.parts import Parts
from tasks.evaluation.splits.protocols import split
from tasks.evaluation.splits.windows import DAY, Window

TOP = 10
NDCG = f"NDCG liked@{TOP}"


@dataclass(frozen=True)
class Judged:
    """A mean over the people who rated something `relevant_at` or more; `listed` have a list.

    `tested` are all who had ratings before the window and in it; lists are made for them. `values`
    holds one row per person of the mean (user, and NDCG), for differences with intervals.
    """

    tested: int
    people: int
    listed: int
    ndcg: float
    values: pl.DataFrame

    def told(self) -> dict[str, Any]:
        """As it is kept: without the people."""
        counts = {"tested": self.tested, "people": self.people, "listed": self.listed}
        return counts | {"ndcg": round(self.ndcg, 5)}


def window_from(start: int, days: int) -> Window:
    """The window of so many days that starts at a moment."""
    return Window(end=start + days * DAY, days=days)


def parted(ratings: pl.DataFrame, window: Window) -> Parts:
    """What was known when the window started, and what came in it. Raises TooLittleDataError."""
    return split(ratings, "horizon", 0, 0, window)


def judged(lists: pl.DataFrame, place: str, parts: Parts, relevant_at: float) -> Judged:
    """The lists (user, item, and the place from 1) against what is held out.

    Who has no list counts with 0.
    """
    known = pl.concat([parts.train[ITEM], parts.held_out[ITEM]]).unique().sort()
    held_out, users = parts.held_out, parts.users
    dense = dense_lists(lists, held_out, users, place, known, TOP, relevant_at)
    some = dense.relevant > 0
    value = ndcg(dense.hits[some], dense.relevant[some])
    return Judged(
        tested=len(users),
        people=int(some.sum()),
        listed=int(users.is_in(lists[USER].unique().implode()).sum()),
        ndcg=float(value.mean()) if some.any() else float("nan"),
        values=pl.DataFrame([users.filter(pl.Series(some)).alias(USER), pl.Series(NDCG, value)]),
    )
