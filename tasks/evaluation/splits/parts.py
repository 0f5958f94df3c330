"""What every protocol answers: the two sides of the ratings and whom they can test."""

from dataclasses import dataclass

import polars as pl

from tasks.core.vocabulary import ITEM, USER


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
