"""What every protocol returns, and the random draws that protocols share."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.core.vocabulary import ITEM, USER

PLACE = "place"
TRAIN_SHARE = 0.75


@dataclass(frozen=True)
class Parts:
    """Ratings parted in two, both sorted by user and item, with no pair on both sides.

    `users`: sorted ids of those to evaluate; each has a held-out rating. Others may have some too:
    these train nothing and test nothing. `new_items`: sorted ids of the items that lost every
    train rating, where the protocol is about them. `skipped`: in plain words, how many users or
    ratings could not be tested; never zero.
    """

    train: pl.DataFrame
    held_out: pl.DataFrame
    users: pl.Series
    new_items: pl.Series | None
    skipped: dict[str, int]


def with_both_sides(
    train: pl.DataFrame,
    held_out: pl.DataFrame,
    new_items: pl.Series | None = None,
    skipped: dict[str, int] | None = None,
) -> Parts:
    """Parts that test the users who have ratings on both sides; the others are counted."""
    taught, tested = train[USER].unique(), held_out[USER].unique()
    users = tested.filter(tested.is_in(taught.implode())).sort()
    untested = {
        "users with nothing in train": tested.len() - users.len(),
        "users with nothing held out": taught.len() - users.len(),
    }
    return parts(train, held_out, users, new_items, untested | (skipped or {}))


def parts(
    train: pl.DataFrame,
    held_out: pl.DataFrame,
    users: pl.Series,
    new_items: pl.Series | None,
    skipped: dict[str, int],
) -> Parts:
    """Parts with both sides sorted and without the counts that are zero."""
    return Parts(
        train=in_order(train),
        held_out=in_order(held_out),
        users=users,
        new_items=new_items,
        skipped={words: count for words, count in skipped.items() if count},
    )


def in_order(ratings: pl.DataFrame) -> pl.DataFrame:
    """The ratings sorted by user and item; as they are where they are, since sorting copies."""
    user, item = pl.col(USER), pl.col(ITEM)
    follows = (user > user.shift()) | ((user == user.shift()) & (item >= item.shift()))
    return ratings if ratings.select(follows.all()).item() else ratings.sort(USER, ITEM)


def with_places(ratings: pl.DataFrame, group: str, random: np.random.Generator) -> pl.DataFrame:
    """`ratings` with `place`: 1, 2, 3 ... in a random order of the rows of each `group`.

    The rows must be sorted, or the same draws would fall on other rows.
    """
    draw = pl.Series("draw", random.random(ratings.height))
    placed = ratings.with_columns(draw).with_columns(
        pl.col("draw").rank("ordinal").over(group).alias(PLACE)
    )
    return placed.drop("draw")


def three_quarters(
    ratings: pl.DataFrame, group: str, random: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(train, held out): of the n ratings of each `group`, round(0.75 n) random ones are train.

    Half rounds to even, as Python's round does: 1 of 1, 2 of 2, 2 of 3, 3 of 4, 4 of 6. So a group
    always keeps one in train, and has none held out where n < 3.
    """
    return first_quarters(with_places(ratings, group, random), group)


def first_quarters(placed: pl.DataFrame, group: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(train, held out): of the n ratings of each `group` the first round(0.75 n) by `place`."""
    share = (pl.len().over(group) * TRAIN_SHARE).round(mode="half_to_even")
    kept = pl.col(PLACE) <= share
    return placed.filter(kept).drop(PLACE), placed.filter(~kept).drop(PLACE)


def some_of(ids: pl.Series, share: float, random: np.random.Generator) -> pl.Series:
    """A random `share` of `ids`, rounded, at least one where there is one; both sorted."""
    wanted = min(ids.len(), max(1, round(share * ids.len())))
    return ids.gather(random.choice(ids.len(), wanted, replace=False)).sort()
