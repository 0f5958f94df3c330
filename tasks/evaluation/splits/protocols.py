"""Every evaluation protocol: a function that parts the ratings in two.

Each is a function of `ratings` (user, item, rating, timestamp; sorted by user and item) and of
`Choices`. To add one, write such a function, name it, and declare it in `tasks.core.protocols`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.core.registry import named
from tasks.core.vocabulary import ITEM, TIMESTAMP, USER, ProtocolName
from tasks.evaluation.splits.parts import (
    PLACE,
    TRAIN_SHARE,
    Parts,
    first_quarters,
    in_order,
    parts,
    some_of,
    three_quarters,
    with_both_sides,
    with_places,
)
from tasks.evaluation.splits.times import check_times
from tasks.evaluation.splits.windows import Window, window_of

FEWEST_RATINGS, SHARE_TESTED, MOST_KEPT = 10, 0.2, 5
"""Of "cold-user": who can be tested, how many of these are, and the most ratings they keep."""

SHARE_NEW = 0.1
"""Of "cold-item"."""


@dataclass(frozen=True)
class Choices:
    """What a protocol may read: `random` makes every random choice.

    `keep` counts in "cold-user" alone, `window` in "horizon" and `held_out` in "given".
    """

    random: np.random.Generator
    keep: int
    window: Window | None = None
    held_out: pl.DataFrame | None = None


SPLITTERS: dict[str, Callable[[pl.DataFrame, Choices], Parts]] = {}


def split(
    ratings: pl.DataFrame,
    protocol: ProtocolName,
    seed: int,
    keep: int,
    window: Window | None = None,
    held_out: pl.DataFrame | None = None,
) -> Parts:
    """The two sides of `ratings` (user, item, rating, timestamp; in any order) under `protocol`.

    The seed decides every random choice. Raises TooLittleDataError where nobody can be tested, else
    what the protocol itself raises.
    """
    made = SPLITTERS[protocol](
        in_order(ratings), Choices(np.random.default_rng(seed), keep, window, held_out)
    )
    if made.train.is_empty() or made.users.is_empty():
        counts = ", ".join(f"{words}: {count}" for words, count in made.skipped.items())
        raise TooLittleDataError(
            f"The protocol '{protocol}' finds nobody to test in {ratings.height} ratings"
            + (f" ({counts})." if counts else "."),
            "Check that the ratings file is whole, or choose another protocol.",
        )
    return made


@named(SPLITTERS, "loo")
def loo(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """Leave-one-out, for hit rates: one random rating of every user is held out (PAPER.md, P1).

    A user with a single rating keeps it and is not tested: with nothing in train there is nothing
    to judge.
    """
    lengths = ratings[USER].rle().struct.field("len").cast(pl.Int64).to_numpy()
    draws = choices.random.random(ratings.height)
    highest = np.maximum.reduceat(draws, np.cumsum(lengths) - lengths) if len(lengths) else draws
    held = pl.Series(draws == np.repeat(np.where(lengths > 1, highest, np.nan), lengths))
    return with_both_sides(ratings.filter(~held), ratings.filter(held))


@named(SPLITTERS, "split")
def item_split(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """Of an item's n ratings round(0.75 n) are train, the rest is held out (PAPER.md, P2).

    For list metrics. Half rounds to even: 2 of 2, 4 of 6. So items with one rating (3,446 in
    MovieLens-Latest-Small) or two stay in train: they can be recommended and are never a hit. On
    that data set the rule reproduces the SVD row of PAPER.md's table P2, NDCG@10 .090, within the
    spread over seeds. Users are tested who have ratings on both sides.
    """
    train, held_out = three_quarters(ratings, ITEM, choices.random)
    rare = train.filter(~pl.col(ITEM).is_in(held_out[ITEM].unique().implode())).height
    return with_both_sides(train, held_out, skipped={"ratings of items rated once or twice": rare})


@named(SPLITTERS, "user-split")
def user_split(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """Of a user's n ratings round(0.75 n) are train, the rest is held out, for list metrics.

    Half rounds to even: 2 of 2, 4 of 6. So users with one rating or two keep them in train and are
    not tested, and all others have ratings on both sides.
    """
    return with_both_sides(*three_quarters(ratings, USER, choices.random))


@named(SPLITTERS, "user-temporal")
def user_temporal(ratings: pl.DataFrame, _: Choices) -> Parts:
    """Of a user's n ratings the oldest round(0.75 n) are train, the newer ones are held out.

    Rounded as in "user-split", and equal times by item id. It leaks others' future: train holds
    what they rated later than that. Raises TooLittleDataError as `check_times` does.
    """
    check_times(ratings)
    place = pl.int_range(1, pl.len() + 1).over(USER).alias(PLACE)
    placed = ratings.sort(USER, TIMESTAMP, ITEM).with_columns(place)
    return with_both_sides(*first_quarters(placed, USER))


@named(SPLITTERS, "temporal")
def temporal(ratings: pl.DataFrame, _: Choices) -> Parts:
    """Ratings before one moment are train, those at it or later are held out, for all users alike.

    The moment is the timestamp that has nearest to 75 % of all ratings strictly before it (the
    earlier of two as near), so equal timestamps stay together. Nothing is random. Users are tested
    who have ratings on both sides. Items that first appear later stay held out: a base model cannot
    know them, and they count as misses. Raises TooLittleDataError as `check_times` does.
    """
    check_times(ratings)
    distinct, earlier = np.unique(np.sort(ratings[TIMESTAMP].to_numpy()), return_index=True)
    moment = int(distinct[np.argmin(np.abs(earlier - TRAIN_SHARE * ratings.height))])
    before = pl.col(TIMESTAMP) < moment
    return with_both_sides(ratings.filter(before), ratings.filter(~before))


@named(SPLITTERS, "horizon")
def horizon(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """Ratings of a window of days are held out, those before it are train, later ones are neither.

    The window ends with the newest rating unless `choices.window` says when, and is as long as that
    says, else as `window_of` chooses. Nothing is random. Users are tested who have ratings before
    it and in it. Items first rated in it are misses. Raises TooLittleDataError as `check_times`
    does.
    """
    check_times(ratings)
    window = choices.window or window_of(ratings)
    time = pl.col(TIMESTAMP)
    train = ratings.filter(time < window.start)
    held_out = ratings.filter((time >= window.start) & (time < window.end))
    later = ratings.height - train.height - held_out.height
    return with_both_sides(train, held_out, skipped={"ratings after the window": later})


@named(SPLITTERS, "cold-user")
def cold_user(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """A fifth of the users with 10 ratings or more keep `keep` (0 to 5) of them in train.

    How good lists are of people who have hardly rated anything. Each test user's ratings stand in a
    random order: the first `keep` are train, those from place 6 on are held out, those between are
    set aside. So the test users and what is held out are the same for every `keep`, and what a
    smaller one keeps, a larger one keeps too: differences come of `keep` alone. Raises
    SettingsError where `keep` is out of range.
    """
    random, keep = choices.random, choices.keep
    if not 0 <= keep <= MOST_KEPT:
        what = f"A cold user can keep 0 to {MOST_KEPT} ratings, not {keep}."
        raise SettingsError(what, f"Choose a number from 0 to {MOST_KEPT}.")
    placed = with_places(ratings, USER, random)
    counts = ratings[USER].value_counts(sort=False)
    able = counts.filter(pl.col("count") >= FEWEST_RATINGS)[USER].sort()
    testers = some_of(able, SHARE_TESTED, random)
    tested = pl.col(USER).is_in(testers.implode())
    train = placed.filter(~tested | (pl.col(PLACE) <= keep)).drop(PLACE)
    held_out = placed.filter(tested & (pl.col(PLACE) > MOST_KEPT)).drop(PLACE)
    skipped = {
        "ratings of test users set aside": placed.height - train.height - held_out.height,
        f"users with fewer than {FEWEST_RATINGS} ratings": counts.height - able.len(),
    }
    return parts(train, held_out, testers, None, skipped)


@named(SPLITTERS, "cold-item")
def cold_item(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """A tenth of the rated items (at least one) are new: all of their ratings are held out.

    A model that learns from ratings alone knows nothing of them; what describes them is all there
    is. Users are tested who rated a new item and an old one.
    """
    new_items = some_of(ratings[ITEM].unique().sort(), SHARE_NEW, choices.random)
    new = pl.col(ITEM).is_in(new_items.implode())
    return with_both_sides(ratings.filter(~new), ratings.filter(new), new_items)


@named(SPLITTERS, "given")
def given(ratings: pl.DataFrame, choices: Choices) -> Parts:
    """What others held out is held out, and all other ratings are train.

    Pairs that stand in both are taken out of train. Nothing is random. Users are tested who have
    ratings on both sides; held-out items that train lacks count as misses. Raises SettingsError
    where nothing is given.
    """
    if choices.held_out is None:
        raise SettingsError("protocol: given needs what is held out.", "Give --held-out FILE.")
    held_out = choices.held_out.select(ratings.columns)
    return with_both_sides(ratings.join(held_out, on=[USER, ITEM], how="anti"), held_out)
