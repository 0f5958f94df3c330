"""The temporal split: whether what was learnt by then serves the ratings that came later."""

import numpy as np
import polars as pl

from tasks.core.errors import TooLittleDataError
from tasks.core.vocabulary import TIMESTAMP
from tasks.evaluation.splits.draws import TRAIN_SHARE
from tasks.evaluation.splits.parts import Parts, with_both_sides


def temporal(ratings: pl.DataFrame) -> Parts:
    """Ratings before one moment are train, those at it or later are held out, for all users alike.

    The moment is the timestamp that has nearest to 75 % of all ratings strictly before it (the
    earlier of two as near), so equal timestamps stay together. Nothing is random: there is no seed.
    Users are tested who have ratings on both sides. Items that first appear later stay held out:
    a base model cannot know them, and they count as misses. Raises TooLittleDataError where a
    rating has no timestamp.
    """
    _check_timestamps(ratings)
    moment = _moment(ratings[TIMESTAMP].to_numpy())
    before = pl.col(TIMESTAMP) < moment
    return with_both_sides(ratings.filter(before), ratings.filter(~before))


def _moment(timestamps: np.ndarray) -> int:
    distinct, earlier = np.unique(np.sort(timestamps), return_index=True)
    return int(distinct[np.argmin(np.abs(earlier - TRAIN_SHARE * timestamps.size))])


def _check_timestamps(ratings: pl.DataFrame) -> None:
    missing = ratings[TIMESTAMP].null_count()
    if missing == ratings.height:
        raise TooLittleDataError("The data set has no timestamps.", _FIX)
    if missing:
        what = f"{missing} of the data set's {ratings.height} ratings have no timestamp."
        raise TooLittleDataError(what, _FIX)


_FIX = "Add them to the ratings file, or choose a protocol other than 'temporal'."
