"""Cold users: how good the lists are of people who have hardly rated anything."""

import numpy as np
import polars as pl

from tasks.core.errors import SettingsError
from tasks.core.vocabulary import USER
from tasks.evaluation.splits.draws import PLACE, some_of, with_places
from tasks.evaluation.splits.parts import Parts, parts

FEWEST_RATINGS = 10
SHARE_TESTED = 0.2
MOST_KEPT = 5


def cold_user(ratings: pl.DataFrame, seed: int, keep: int) -> Parts:
    """A fifth of the users with 10 ratings or more keep `keep` (0 to 5) of them in train.

    Each test user's ratings stand in a random order: the first `keep` are train, those from place 6
    on are held out, those between are set aside. So the test users and what is held out are the
    same for every `keep`, and what a smaller one keeps, a larger one keeps too: differences come of
    `keep` alone. The seed decides who is tested and the order. Raises SettingsError where `keep` is
    out of range.
    """
    if not 0 <= keep <= MOST_KEPT:
        what = f"A cold user can keep 0 to {MOST_KEPT} ratings, not {keep}."
        raise SettingsError(what, f"Choose a number from 0 to {MOST_KEPT}.")
    random = np.random.default_rng(seed)
    placed = with_places(ratings, USER, random)
    counts = ratings[USER].value_counts(sort=False)
    able = counts.filter(pl.col("count") >= FEWEST_RATINGS)[USER].sort()
    return _parted(placed, some_of(able, SHARE_TESTED, random), keep, counts.height - able.len())


def _parted(placed: pl.DataFrame, testers: pl.Series, keep: int, too_few: int) -> Parts:
    tested = pl.col(USER).is_in(testers.implode())
    train = placed.filter(~tested | (pl.col(PLACE) <= keep)).drop(PLACE)
    held_out = placed.filter(tested & (pl.col(PLACE) > MOST_KEPT)).drop(PLACE)
    skipped = {
        "ratings of test users set aside": placed.height - train.height - held_out.height,
        f"users with fewer than {FEWEST_RATINGS} ratings": too_few,
    }
    return parts(train, held_out, testers, None, skipped)
