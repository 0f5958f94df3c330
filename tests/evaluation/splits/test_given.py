import pytest

from tasks.core.errors import SettingsError, TooLittleDataError
from tasks.evaluation.splits.protocols import split
from tests.evaluation.splits.made_up import ratings_of

RATINGS = ratings_of((1, 5), (1, 6), (1, 7), (2, 5), (2, 6), (3, 5))


def test_what_others_held_out_is_taken_out_of_train_whatever_the_seed():
    held_out = ratings_of((1, 6), (2, 5), (2, 9))
    for seed in (0, 1):
        made = split(RATINGS, "given", seed, 3, held_out=held_out)
        assert made.train.select("user", "item").rows() == [(1, 5), (1, 7), (2, 6), (3, 5)]
        assert made.held_out.equals(held_out)
        assert made.users.to_list() == [1, 2]


def test_people_without_ratings_on_both_sides_are_counted():
    held_out = ratings_of((1, 6), (3, 5), (8, 5))
    made = split(RATINGS, "given", 0, 3, held_out=held_out)
    assert made.users.to_list() == [1]
    assert made.skipped == {"users with nothing in train": 2, "users with nothing held out": 1}


def test_without_a_file_or_anybody_to_test_it_is_refused():
    with pytest.raises(SettingsError, match="given needs what is held out"):
        split(RATINGS, "given", 0, 3)
    with pytest.raises(TooLittleDataError, match="finds nobody to test"):
        split(RATINGS, "given", 0, 3, held_out=ratings_of((8, 5)))
