import numpy as np
import pytest
import scipy

from tasks.models.baselines import ease_weights
from tasks.models.baselines.ease import Ease
from tasks.models.baselines.ease_weights import by_items, by_users
from tasks.models.interactions import interactions_of
from tests.models import synthetic

LAMBDA = 30.0


def wide():
    """60 users, 80 items."""
    return synthetic("text")


def tall():
    """80 users, 60 items."""
    return synthetic("text").rename({"user": "item", "item": "user"})


def solved(solve, ratings):
    """The model by one of the two ways to solve for it."""
    users, items, rated = interactions_of(ratings)
    left, right = solve(rated, LAMBDA)
    return Ease(users=users, items=items, left=left, right=right)


def by_definition(ratings):
    """X B, with Steck's B = I - P / diag(P) item by item; and where X is 0."""
    table = ratings.sort("user", "item").pivot("item", index="user", values="rating").sort("user")
    seen = table.drop("user").select(sorted(table.columns[1:])).to_numpy()
    rated = (~np.isnan(seen)).astype(float)
    inverse = np.linalg.inv(rated.T @ rated + LAMBDA * np.eye(rated.shape[1]))
    weights = np.zeros_like(inverse)
    for row, column in np.ndindex(*inverse.shape):
        if row != column:
            weights[row, column] = -inverse[row, column] / inverse[column, column]
    return rated @ weights, rated == 0


@pytest.mark.parametrize("ratings", [wide(), tall()], ids=["wide", "tall"])
@pytest.mark.parametrize("solve", [by_users, by_items])
def test_scores_of_unrated_items_are_those_of_the_definition(ratings, solve):
    expected, unrated = by_definition(ratings)
    model = solved(solve, ratings)
    scores = model.estimates(model.users)
    np.testing.assert_allclose(scores[unrated], expected[unrated], rtol=0, atol=1e-5)
    assert np.ptp(scores[unrated]) > 0.1


def test_by_items_rated_items_too_are_those_of_the_definition():
    model = solved(by_items, wide())
    np.testing.assert_allclose(model.estimates(model.users), by_definition(wide())[0], atol=1e-5)


def test_blocks_change_nothing(monkeypatch):
    def right(ratings):
        return solved(by_users, ratings).arrays()["right_data"]

    expected = right(wide())
    monkeypatch.setattr(ease_weights, "BLOCK_CELLS", 60 * 7)
    np.testing.assert_allclose(right(wide()), expected, rtol=1e-6)


def with_items_of_one_rater():
    """Weighted ratings of 40 users: 15 items of several of them, and 20 that one alone rated."""
    random = np.random.default_rng(5)
    several = random.random((40, 15)) * (random.random((40, 15)) < 0.3)
    alone = np.zeros((40, 20))
    alone[random.integers(0, 12, 20), np.arange(20)] = random.random(20) + 0.2
    mixed = np.concatenate([several, alone], axis=1)[:, random.permutation(35)]
    return mixed.astype(np.float32)


@pytest.mark.parametrize("keep", [slice(None), slice(0, 12)], ids=["mixed", "few users"])
def test_items_of_one_rater_are_eliminated_and_the_weights_are_the_same(keep):
    rated = with_items_of_one_rater()[keep]
    assert ((rated > 0).sum(axis=0) == 1).sum() >= 20
    inverse = np.linalg.inv(rated.T.astype(float) @ rated + LAMBDA * np.eye(35))
    expected = inverse / -inverse.diagonal()
    np.fill_diagonal(expected, 0.0)
    _, weights = by_items(scipy.sparse.csr_array(rated), LAMBDA)
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-7)
    assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("size", [3, 1024, 1025, 2100])
def test_a_large_matrix_is_mirrored_in_blocks(size):
    lower = np.tril(np.random.default_rng(1).random((size, size)))
    expected = lower + np.tril(lower, -1).T
    np.testing.assert_array_equal(ease_weights._mirrored(lower.copy(order="F")), expected)


def test_the_weights_lie_row_by_row_so_that_no_product_copies_them_whole():
    random = np.random.default_rng(0)
    rated = scipy.sparse.csr_array((random.random((30, 20)) < 0.4).astype(np.float32))
    _, weights = ease_weights.by_items(rated, 3.0)
    assert weights.flags.c_contiguous and weights.dtype == np.float32
