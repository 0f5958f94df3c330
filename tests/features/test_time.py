import math

import numpy as np
import pytest

from tasks.features.registry import FEATURES
from tests.features.small import CASES, assert_is_looped, each_feature, small, values

DAYS_PER_YEAR = 365.25


def days_ago(known):
    """By user and item, the days from each rating to the newest of all."""
    newest = max(when for theirs in known.when.values() for when in theirs.values())
    return {
        (user, item): (newest - when) * DAYS_PER_YEAR
        for user, theirs in known.when.items()
        for item, when in theirs.items()
    }


def within(known, item, days):
    return sum(ago <= days for (_, one), ago in days_ago(known).items() if one == item)


def timed(function):
    return lambda known, user, item: function(known, user, item) if known.timed() else math.nan


def lately(days):
    def among_a_thousand(known, _user, item):
        every = sum(ago <= days for ago in days_ago(known).values())
        return math.log1p(1000 * within(known, item, days) / max(every, 1))

    return timed(among_a_thousand)


def rising(days, of):
    return lambda *pair: lately(days)(*pair) - lately(of)(*pair)


@timed
def mean_of_late(known, _user, item):
    usual = sum(rating for _, _, rating in known.every) / len(known.every)
    ago = days_ago(known)
    late = [r - usual for u, i, r in known.every if i == item and ago[u, i] <= DAYS_PER_YEAR]
    return sum(late) / (len(late) + 5)


def since(choose):
    @timed
    def days(known, _user, item):
        ago = [days for (_, one), days in days_ago(known).items() if one == item]
        return math.log1p(choose(ago)) if ago else math.nan

    return days


@timed
def away(known, user, _item):
    ago = [days for (who, _), days in days_ago(known).items() if who == user]
    return math.log1p(min(ago)) if ago else math.nan


@timed
def rated_next(known, user, item):
    newest = max(when for theirs in known.when.values() for when in theirs.values())
    order = {
        who: sorted(theirs, key=lambda one: (known.when[who][one], one))
        for who, theirs in known.rated.items()
    }

    def follows(one):
        near = total = 0.0
        for who, theirs in order.items():
            for place, rated in enumerate(theirs):
                if rated == one:
                    total += math.exp(known.when[who][one] - newest)
                    for apart, other in enumerate(theirs[place + 1 : place + 6], start=1):
                        weight = math.exp(known.when[who][other] - newest) * apart**-0.5
                        near += weight if other == item else 0.0
        return near / (total + 10)

    mine = order.get(user, [])[::-1][:20]
    return sum(0.8**place * follows(one) for place, one in enumerate(mine))


LOOPS = {
    "rated in 7 days": lately(7),
    "rated in 14 days": lately(14),
    "rated in 30 days": lately(30),
    "rated in 90 days": lately(90),
    "rated in 180 days": lately(180),
    "rated in 365 days": lately(365),
    "rising in 30 days": rising(30, 90),
    "rising in 90 days": rising(90, 365),
    "mean rating of late": mean_of_late,
    "days since first rated": since(max),
    "days since last rated": since(min),
    "days since the user rated": away,
    "rated next": rated_next,
}


@each_feature("time")
def test_it_is_what_a_loop_over_the_ratings_gives(name, case):
    assert_is_looped(name, LOOPS[name], case, tolerance=1e-6)


@pytest.mark.parametrize("name", LOOPS)
def test_each_tells_pairs_apart(name):
    known = values(name, CASES[0])
    assert len(np.unique(known[~np.isnan(known)])) > 1


def test_every_one_of_the_group_is_looped():
    assert {name for name in FEATURES if FEATURES[name].group == "time"} == set(LOOPS)


@pytest.mark.parametrize("name", LOOPS)
def test_one_missing_timestamp_makes_every_time_unknown(name):
    case = small(0)
    case.train[0, "timestamp"] = None
    assert np.isnan(values(name, case)).all()
