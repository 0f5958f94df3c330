from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tasks.features import sequence
from tests.features.small import (
    CASES,
    FIRST_DAY,
    TEN_YEARS,
    Small,
    assert_is_looped,
    each_feature,
    small,
    values,
)

NAME = "rated close together"


def rated_close_together(known, user, item):
    if not known.timed():
        return np.nan
    return sum(closeness(known, item, mine) for mine in known.rated[user])


def closeness(known, one, other):
    """Both items in everybody's order of rating; equal times go by item."""
    near = both = 0.0
    for who, theirs in known.rated.items():
        if one in theirs and other in theirs:
            order = sorted(theirs, key=lambda item: (known.when[who][item], item))
            apart = abs(order.index(one) - order.index(other))
            near += apart**-0.5 if apart <= 5 else 0.0
            both += 1
    return near / (both + 3)


@each_feature("collaborative")
def test_it_is_what_a_loop_over_people_and_their_items_gives(name, case):
    assert_is_looped(name, rated_close_together, case)


@pytest.mark.parametrize("case", [CASES[0], CASES[2]], ids=str)
def test_what_is_rated_at_the_same_time_goes_by_item(case):
    """Each rating falls on one of three moments, so most of a person's have equals."""
    part = TEN_YEARS // 3
    step = (pl.col("timestamp") - FIRST_DAY) // part * part + FIRST_DAY
    tied = replace(case, train=case.train.with_columns(step.alias("timestamp")))
    assert not np.allclose(values(NAME, tied), values(NAME, case))
    assert_is_looped(NAME, rated_close_together, tied)


def in_a_row(*rows, asked):
    """People's items in the order in which they rated them, of eight items in all."""
    rated = [(u, i, 4.0, FIRST_DAY + n) for u, mine in rows for n, i in enumerate(mine)]
    columns = ["user", "item", "rating", "timestamp"]
    items = range(8)
    untold = pl.lit(None, pl.String)
    return Small(
        train=pl.DataFrame(rated, schema=columns, orient="row"),
        items=pl.DataFrame({"item": items}).with_columns(genres=untold),
        pairs=pl.DataFrame(asked, schema=["user", "item"], orient="row"),
        vector={item: np.ones(1, np.float32) for item in items},
        name="in a row",
    )


def test_places_further_apart_than_five_are_not_close_and_the_mean_is_shrunk_by_three():
    """Each of the others' items is so many places from the one that the asker rated."""
    asked = [(2, item) for item in range(1, 8)]
    found = values(NAME, in_a_row((1, range(8)), (2, [0]), asked=asked))
    expected = [*(apart**-0.5 / (1 + 3) for apart in range(1, 6)), 0, 0]
    np.testing.assert_allclose(found, expected)


def test_those_who_rated_both_far_apart_count_in_the_mean():
    rows = [(1, [0, 7]), (2, range(8)), (3, [7]), (4, [0])]
    one, other = values(NAME, in_a_row(*rows, asked=[(3, 0), (4, 7)]))
    assert one == other == pytest.approx(1 / (2 + 3)), "and it is the same both ways"


def test_one_persons_last_rating_is_not_beside_the_next_persons_first():
    found = values(NAME, in_a_row((1, [0, 1]), (2, [2, 3]), (3, [1]), asked=[(3, 2), (3, 0)]))
    np.testing.assert_allclose(found, [0, 1 / 4])


def test_of_a_single_rating_nothing_is_close():
    np.testing.assert_array_equal(values(NAME, in_a_row((1, [0]), asked=[(1, 1), (2, 0)])), 0)


def test_one_missing_timestamp_makes_every_time_unknown():
    case = small(0)
    case.train[0, "timestamp"] = None
    assert np.isnan(values(NAME, case)).all()


@pytest.mark.parametrize("cells", [1, 30])
def test_the_size_of_a_block_changes_nothing(monkeypatch, cells):
    whole = values(NAME, CASES[1])
    monkeypatch.setattr(sequence, "BLOCK_CELLS", cells)
    np.testing.assert_array_equal(values(NAME, CASES[1]), whole)
