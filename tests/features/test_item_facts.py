"""What all train ratings say of items, against a plain recomputation by loops."""

import math

import numpy as np
import polars as pl
import pytest

from tasks.features import item_facts as module
from tasks.features.item_facts import item_facts
from tests.features.small import CASES, small
from tests.features.test_sequence import closeness

EACH = pytest.mark.parametrize("case", CASES, ids=str)


def made(case):
    """The facts, and the ids in whose order they stand."""
    return item_facts(case.train, case.items, closeness=True), sorted(case.items["item"])


@EACH
def test_counts_and_sums_above_the_mean_are_of_every_item_of_the_catalogue(case):
    facts, ids = made(case)
    every = case.naive().every
    usual = sum(rating for _, _, rating in every) / len(every)
    for place, item in enumerate(ids):
        ratings = [rating for _, one, rating in every if one == item]
        assert facts.counts[place] == len(ratings)
        assert facts.above[place] == pytest.approx(sum(r - usual for r in ratings), abs=1e-9)
    assert len(facts.counts) == len(facts.above) == len(ids) and 0 in facts.counts


@EACH
def test_times_are_the_first_rating_and_counts_by_quarter_since_the_earliest(case):
    facts, ids = made(case)
    known = case.naive()
    if not known.timed():
        assert facts.first is facts.by_quarter is facts.closeness is None
        return
    whens = {item: [known.when[u][i] for u, i, _ in known.every if i == item] for item in ids}
    earliest = min(when for mine in whens.values() for when in mine)
    assert facts.start == pytest.approx(earliest)
    for place, item in enumerate(ids):
        assert facts.first[place] == pytest.approx(min(whens[item], default=math.inf))
        quarters = [math.floor((when - earliest) * 4) for when in whens[item]]
        expected = np.bincount(quarters, minlength=facts.by_quarter.shape[1])
        np.testing.assert_array_equal(facts.by_quarter[place], expected)


@EACH
def test_closeness_is_symmetric_and_what_a_loop_over_people_gives(case):
    facts, ids = made(case)
    known = case.naive()
    if not known.timed():
        return
    matrix = facts.closeness.toarray()
    np.testing.assert_allclose(matrix, matrix.T)
    for one, row in zip(ids, matrix, strict=True):
        for other, value in zip(ids, row, strict=True):
            if one != other:
                assert value == pytest.approx(closeness(known, one, other)), (one, other)


def test_the_order_of_the_rows_changes_nothing():
    case = CASES[1]
    one = item_facts(case.train, case.items, closeness=True)
    other = item_facts(case.train.reverse(), case.items.sort("item"), closeness=True)
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_allclose(one.above, other.above)
    assert one.closeness is not None and other.closeness is not None
    np.testing.assert_array_equal(one.closeness.toarray(), other.closeness.toarray())


def test_one_missing_timestamp_makes_every_time_unknown():
    case = small(0)
    case.train[0, "timestamp"] = None
    facts = item_facts(case.train, case.items, closeness=True)
    assert facts.first is None and facts.counts.sum() == case.train.height


def test_a_catalogue_that_nobody_rated_has_nothing():
    case = small(3, timed=False)
    nobody = case.train.head(1)
    unrated = case.items.filter(pl.col("item") != nobody["item"][0])
    items = pl.concat([unrated, case.items.filter(item=nobody["item"][0])])
    facts = item_facts(nobody, items, closeness=False)
    assert sorted(facts.counts.tolist()) == [0] * (case.items.height - 1) + [1]


def test_the_counts_of_a_share_of_all_ratings_are_as_if_of_all():
    case = small(0)
    whole = item_facts(case.train, case.items, closeness=True, nexts=True)
    half = item_facts(case.train, case.items, closeness=True, nexts=True, share=0.5)
    for name in ("counts", "above", "lately", "lately_above"):
        np.testing.assert_allclose(getattr(half, name), 2 * getattr(whole, name))
    for name in ("closeness", "nexts"):
        assert (getattr(half, name) != getattr(whole, name)).nnz == 0


def test_drawn_ratings_alone_say_what_is_said_of_pairs_of_items():
    case = small(0)
    some = case.train.filter(
        pl.col("user").is_in(case.train["user"].unique().sort()[::2].implode())
    )
    whole, drawn = (
        item_facts(case.train, case.items, closeness=True, nexts=True, drawn=pairs)
        for pairs in (None, some)
    )
    alone = item_facts(some, case.items, closeness=True, nexts=True)
    for name in ("closeness", "nexts"):
        assert (getattr(drawn, name) != getattr(alone, name)).nnz == 0
        assert (getattr(drawn, name) != getattr(whole, name)).nnz
    assert drawn.counts.tolist() == whole.counts.tolist()


def closeness_of(case):
    made = item_facts(case.train, case.items, closeness=True).closeness
    return np.zeros(0) if made is None else made.toarray()


def test_of_an_item_the_closest_alone_are_kept(monkeypatch):
    case = small(0)
    whole = closeness_of(case)
    monkeypatch.setattr(module, "CLOSEST", 2)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
    kept = closeness_of(case)
    for row, all_of_them in zip(kept, whole, strict=True):
        highest = np.sort(all_of_them)[::-1][:2]
        assert np.sort(row)[::-1][:2].tolist() == highest.tolist()
        assert np.count_nonzero(row) == np.count_nonzero(highest)
    assert np.count_nonzero(whole) > np.count_nonzero(kept)
