import numpy as np
import polars as pl
import pytest

from tasks.evaluation.splits.parts import some_of, three_quarters, with_places
from tests.evaluation.splits.made_up import random_ratings, ratings_of


@pytest.mark.parametrize("seed", range(5))
def test_places_number_the_rows_of_each_group_and_leave_the_rest_alone(seed):
    ratings = random_ratings(seed)
    placed = with_places(ratings, "item", np.random.default_rng(seed))
    assert placed.drop("place").equals(ratings)
    for _, group in placed.group_by("item"):
        assert sorted(group["place"]) == list(range(1, group.height + 1))


def test_every_row_of_a_group_can_come_first():
    ratings = ratings_of(*((1, item) for item in (1, 2, 3, 4)))
    firsts = (with_places(ratings, "user", np.random.default_rng(seed)) for seed in range(60))
    assert {placed.filter(place=1)["item"][0] for placed in firsts} == {1, 2, 3, 4}


@pytest.mark.parametrize(("n", "kept"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (10, 8)])
def test_three_quarters_round_half_to_even(n, kept):
    ratings = ratings_of(*((1, item) for item in range(n)))
    train, held = three_quarters(ratings, "user", np.random.default_rng(0))
    assert (train.height, held.height) == (kept, n - kept)
    assert kept == round(0.75 * n)


@pytest.mark.parametrize(
    ("n", "drawn"), [(0, 0), (1, 1), (2, 1), (4, 1), (14, 1), (16, 2), (100, 10)]
)
def test_some_are_the_nearest_whole_number_and_at_least_one_of_any(n, drawn):
    ids = pl.Series("item", range(n), dtype=pl.Int64)
    some = some_of(ids, 0.1, np.random.default_rng(0)).to_list()
    assert some == sorted(set(some) & set(ids))
    assert len(some) == drawn


def test_everyone_can_be_among_some():
    ids = pl.Series("item", range(10))
    drawn = {some_of(ids, 0.1, np.random.default_rng(seed))[0] for seed in range(100)}
    assert drawn == set(range(10))
