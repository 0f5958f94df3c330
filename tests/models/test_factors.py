import numpy as np
import pytest

from tasks.core.arrays import positions
from tasks.models import factors
from tasks.models.baselines.svd import Svd


def by_hand():
    return Svd(
        users=np.array(["ann", "bob"]),
        items=np.array(["x", "y", "z"]),
        mean=np.asarray(3.0),
        user_bias=np.array([0.5, -0.5]),
        item_bias=np.array([0.1, 0.2, 0.3]),
        user_factors=np.array([[1.0, 2.0], [0.0, -1.0]]),
        item_factors=np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
        scale=np.array([1.0, 5.0]),
    )


def test_an_estimate_is_mean_biases_and_dot_product_unclipped():
    found = by_hand().estimates(np.array(["bob", "ann"]))
    np.testing.assert_allclose(found, [[2.6, 1.7, 1.8], [4.6, 5.7, 6.8]], atol=1e-12)


@pytest.mark.parametrize("stranger", ["aaa", "anna", "zoe"])
def test_a_stranger_gets_mean_plus_item_bias(stranger):
    found = by_hand().estimates(np.array([stranger, "bob"]))
    np.testing.assert_allclose(found[0], [3.1, 3.2, 3.3], atol=1e-12)
    np.testing.assert_allclose(found[1], [2.6, 1.7, 1.8], atol=1e-12)


def test_positions_tell_the_known_from_the_unknown():
    index, known = positions(np.array([10, 20, 30]), np.array([30, 5, 20, 25, 99, 10]))
    assert known.tolist() == [True, False, True, False, False, True]
    assert index[known].tolist() == [2, 1, 0]


def test_an_unknown_item_is_estimated_from_the_mean_and_the_user():
    found = by_hand().estimates_of_unknown(np.array(["bob", "zoe", "ann"]))
    np.testing.assert_allclose(found, [2.5, 3.0, 3.5], atol=1e-12)


def test_a_search_in_single_precision_finds_nearly_the_same():
    users = np.array(["bob", "zoe", "ann"])
    found = by_hand().search(users)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, by_hand().estimates(users), atol=1e-6)


def test_pairs_are_estimated_as_whole_rows_are_some_at_a_time(monkeypatch):
    monkeypatch.setattr(factors, "PAIR_CELLS", 4)
    users, items = np.array(["bob", "ann", "zoe", "ann", "bob"]), np.array([2, 0, 1, 2, 0])
    rows = by_hand().estimates(users)
    found = by_hand().estimates_of_pairs(users, items)
    np.testing.assert_allclose(found, rows[np.arange(5), items], atol=1e-12)


@pytest.mark.parametrize("known", [[10, 20, 30], [-5, 0, 7], [1, 10**9], [3]])
def test_a_table_finds_what_a_search_finds(known):
    wanted = np.array([7, 10, 30, -5, 0, 31, 10**9, 20, -(10**12), 3])
    index, there = positions(np.array(known), wanted)
    assert there.tolist() == [bool(w in known) for w in wanted]
    assert [known[i] for i in index[there]] == [w for w in wanted if w in known]
