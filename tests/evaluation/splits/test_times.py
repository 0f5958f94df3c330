"""Ratings that do not say which came first: what is said, and what is told to do."""

import polars as pl
import pytest

from tasks.core.errors import TooLittleDataError
from tasks.evaluation.splits.times import check_times, problem_of_times
from tests.evaluation.splits.made_up import SCHEMA


def rated_at(*times):
    rows = [(1, item, 3.0, time) for item, time in enumerate(times)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@pytest.mark.parametrize(
    ("times", "says", "do"),
    [
        ((), "The data set has no timestamps", "Add them"),
        ((None, None), "The data set has no timestamps", "Add them"),
        ((1, None, 1, 2), "1 of the data set's 4 ratings have no timestamp", "delete their rows"),
        ((1, None, 1), "1 of the data set's 3 ratings have no timestamp", "delete their rows"),
        (
            (1_500_000_000,) * 3,
            "All 3 ratings of the data set have the same time, 2017-07-14 02:40 UTC",
            "not that of the export",
        ),
    ],
    ids=["no ratings", "none", "some missing", "some missing, others equal", "all equal"],
)
def test_each_reason_has_a_sentence_and_what_to_do(times, says, do):
    with pytest.raises(TooLittleDataError) as caught:
        check_times(rated_at(*times))
    assert caught.value.what.startswith(says) and "nobody can say which" in caught.value.what
    assert do in caught.value.fix
    assert problem_of_times(rated_at(*times)) == (caught.value.what, caught.value.fix)


def test_two_times_are_enough():
    check_times(rated_at(5, 5, 6))
    assert problem_of_times(rated_at(5, 5, 6)) is None
