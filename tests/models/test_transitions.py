"""What follows what, against plain loops, and what somebody rated last."""

import math

import numpy as np
import pytest

from tasks.models.transitions import last_items, transitions

RANDOM = np.random.default_rng(4)
USERS, ITEMS, RATINGS = 9, 12, 130


def ratings():
    """Who rated what when, in years: nobody the same twice, in no order."""
    pairs = RANDOM.permutation(USERS * ITEMS)[: min(RATINGS, USERS * ITEMS)]
    return pairs // ITEMS, pairs % ITEMS, RANDOM.permutation(len(pairs)) / 30.0


RATER, RATED, YEARS = ratings()


def of(user):
    """The user's items and times, the oldest first."""
    return sorted((YEARS[n], RATED[n]) for n in np.flatnonzero(user == RATER))


def share(one, other):
    """How often `other` came 1 to 5 places after `one`, of all ratings of `one` and ten."""
    near = total = 0.0
    for user in range(USERS):
        theirs = of(user)
        for place, (when, item) in enumerate(theirs):
            if item == one:
                total += math.exp(when - YEARS.max())
                for apart, (then, following) in enumerate(theirs[place + 1 : place + 6], 1):
                    near += (following == other) * math.exp(then - YEARS.max()) / math.sqrt(apart)
    return near / (total + 10)


def test_shares_are_what_a_loop_over_people_gives():
    order = np.lexsort((RATED, YEARS, RATER))
    shares = transitions(RATER, RATED, YEARS, order, ITEMS + 1).toarray()
    expected = [[share(one, other) for other in range(ITEMS + 1)] for one in range(ITEMS + 1)]
    np.testing.assert_allclose(shares, expected, rtol=1e-12)
    assert not shares[ITEMS].any() and not shares[:, ITEMS].any(), "nobody rated it"
    assert np.abs(shares - shares.T).max() > 0.01, "what comes after is not what comes before"


def test_without_ratings_nothing_follows():
    none, never = np.empty(0, np.int64), np.empty(0)
    assert transitions(none, none, never, none, 3).toarray().tolist() == [[0.0] * 3] * 3
    assert last_items(none, none, never, (2, 3)).toarray().tolist() == [[0.0] * 3] * 2


def test_the_newest_counts_one_and_each_before_it_less():
    last = last_items(RATER, RATED, YEARS, (USERS + 1, ITEMS)).toarray()
    for user in range(USERS):
        for place, (_, item) in enumerate(reversed(of(user))):
            assert last[user, item] == pytest.approx(0.8**place)
    assert not last[USERS].any()


def test_no_more_than_twenty_count():
    items = np.arange(25)
    last = last_items(np.zeros(25, np.int64), items, items / 10.0, (1, 25)).toarray()[0]
    assert np.flatnonzero(last).tolist() == list(range(5, 25))
