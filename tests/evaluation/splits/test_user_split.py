import pytest

from tasks.evaluation.splits.user_split import user_split
from tests.evaluation.splits.made_up import random_ratings, ratings_of, shares


@pytest.mark.parametrize("seed", range(5))
def test_each_user_keeps_three_quarters_of_their_ratings(seed):
    ratings = random_ratings(seed, fewest=1)
    for n, held in shares(ratings, user_split(ratings, seed).held_out, "user"):
        assert n - held == round(0.75 * n) >= 1


def test_users_with_one_rating_or_two_keep_them_and_are_not_tested():
    pairs = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]
    made = user_split(ratings_of(*pairs), 0)
    assert made.users.to_list() == [3]
    assert made.train["user"].to_list() == [1, 2, 2, 3, 3]
    assert made.skipped == {"users with nothing held out": 2}
