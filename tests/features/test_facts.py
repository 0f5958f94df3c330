import numpy as np
import polars as pl
import pytest

from tasks.features.facts import Pairs, at_pairs, mean_by
from tests.features.small import CASES, SECONDS_PER_YEAR, SILENT, UNASKED, small


@pytest.mark.parametrize("case", CASES, ids=str)
def test_positions_lead_back_to_the_ids_of_train_and_of_the_pairs(case):
    facts, pairs = case.facts()
    stamps = [None] * case.train.height if facts.years is None else facts.years
    found = zip(
        facts.users[facts.rater].tolist(),
        facts.items[facts.rated].tolist(),
        facts.ratings.tolist(),
        stamps,
        strict=True,
    )
    expected = case.train.sort("user", "item").rows()
    for made, (user, item, rating, stamp) in zip(found, expected, strict=True):
        years = None if stamp is None else pytest.approx(stamp / SECONDS_PER_YEAR)
        assert made == (user, item, rating, years)
    asked = list(zip(facts.users[pairs.user], facts.items[pairs.item], strict=True))
    assert asked == pairs.frame.rows()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_users_are_those_with_a_rating_or_a_pair_and_items_those_of_the_catalogue(case):
    facts, _ = case.facts()
    both = pl.concat([case.train["user"], case.pairs["user"]]).unique().sort()
    assert facts.users.tolist() == both.to_list() and len(both) == 8
    assert facts.items.tolist() == facts.catalogue["item"].to_list()
    assert facts.items.tolist() == case.items["item"].sort().to_list()


def test_pairs_are_sorted_by_user_and_keep_their_order_otherwise():
    case = small(0)
    _, pairs = case.facts()
    assert (np.diff(pairs.user) >= 0).all()
    assert pairs.frame.equals(case.pairs.sort("user", maintain_order=True))
    assert not pairs.frame.equals(case.pairs.sort("user", "item"))


def test_histories_and_counts_are_those_of_train():
    case = small(0)
    facts, _ = case.facts()
    history = dict(zip(facts.users.tolist(), facts.history.tolist(), strict=True))
    assert history[SILENT] == 0 < history[UNASKED] == case.train.filter(user=UNASKED).height
    counts = dict(zip(facts.items.tolist(), facts.all_ratings.counts.tolist(), strict=True))
    assert counts == {i: case.train.filter(item=i).height for i in facts.items.tolist()}
    assert counts[140] == 0


def test_the_mean_of_nothing_is_nought():
    groups, values = np.array([2, 0, 2]), np.array([1.0, 5.0, 4.0])
    assert mean_by(groups, values, 4).tolist() == [5.0, 0.0, 2.5, 0.0]


@pytest.mark.parametrize("pairs", [5, 400], ids=["few", "many"])
def test_a_product_at_pairs_is_that_of_all_rows(pairs):
    random = np.random.default_rng(pairs)
    left, right = random.normal(size=(9, 4)), random.normal(size=(50, 4)).astype(np.float32)
    user, item = np.sort(random.integers(0, 9, pairs)), random.integers(0, 50, pairs)
    found = at_pairs(left, right, Pairs(pl.DataFrame(), user, item))
    np.testing.assert_allclose(found, (left @ right.T)[user, item], atol=1e-12)
