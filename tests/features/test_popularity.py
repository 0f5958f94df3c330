import math

import numpy as np
import pytest

from tasks.features import facts
from tests.features.small import CASES, assert_is_looped, each_feature, small, values


def log_count(known, _user, item):
    return math.log1p(sum(i == item for _, i, _ in known.every))


def mean_rating(known, _user, item):
    usual = sum(rating for _, _, rating in known.every) / len(known.every)
    above = [rating - usual for _, i, rating in known.every if i == item]
    return sum(above) / (len(above) + 5)


def log_history(known, user, _item):
    return math.log1p(len(known.rated[user]))


def count_around(known, user, item):
    if not known.timed() or not known.rated[user]:
        return math.nan
    earliest = min(when for theirs in known.when.values() for when in theirs.values())

    def quarter(who, what):
        return math.floor((known.when[who][what] - earliest) * 4)

    middle = np.mean([quarter(user, mine) for mine in known.rated[user]])
    near = total = 0.0
    for who, what, _ in known.every:
        weight = math.exp(-0.5 * ((quarter(who, what) - middle) / 4) ** 2)
        total += weight
        near += weight if what == item else 0.0
    return math.log1p(1000 * near / total)


LOOPS = {
    "log count": log_count,
    "mean rating": mean_rating,
    "log history": log_history,
    "count at the user's time": count_around,
}


@each_feature("popularity")
def test_it_is_what_a_loop_over_the_ratings_gives(name, case):
    assert_is_looped(name, LOOPS[name], case, tolerance=1e-5)


def test_an_item_that_nobody_rated_has_count_nought_and_the_usual_mean():
    case = CASES[0]
    unrated = case.facts()[1].frame["item"].to_numpy() == 140
    assert unrated.any()
    assert (
        set(values("log count", case)[unrated]) == set(values("mean rating", case)[unrated]) == {0}
    )


def test_one_missing_timestamp_makes_every_time_unknown():
    case = small(0)
    case.train[0, "timestamp"] = None
    assert not np.isnan(values("count at the user's time", small(0))).all()
    assert np.isnan(values("count at the user's time", case)).all()


@pytest.mark.parametrize("cells", [1, 100])
def test_the_size_of_a_block_changes_nothing(monkeypatch, cells):
    whole = values("count at the user's time", CASES[1])
    monkeypatch.setattr(facts, "BLOCK_CELLS", cells)
    np.testing.assert_array_equal(values("count at the user's time", CASES[1]), whole)
