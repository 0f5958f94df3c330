import math
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tasks.core.errors import TooLittleDataError
from tasks.evaluation import significance
from tasks.evaluation.significance import (
    bootstrap_intervals,
    holm,
    paired,
    randomisation_test,
    seed_interval,
    user_sums,
    verdict,
)


def frame(users, **metrics):
    kinds = dict.fromkeys(metrics, pl.Float64)
    return pl.DataFrame({"user": users} | metrics, schema_overrides=kinds)


def random_values(seed, users=40, shift=0.0):
    random = np.random.default_rng(seed)
    values = {"NDCG@10": random.random(users) + shift, "HR@10": random.integers(0, 2, users)}
    return frame(range(users), **values)


def test_sums_and_counts_over_seeds_are_of_the_union_of_users_without_nulls():
    first = frame([3, 1], HR=[1, 0], cHR=[1, None])
    second = frame([1, 2], HR=[1, 1], cHR=[0.5, None])
    totals = user_sums([first, second])
    assert totals.users.to_list() == [1, 2, 3]
    assert totals.metrics == ["HR", "cHR"]
    assert totals.sums.tolist() == [[1, 0.5], [1, 0], [1, 1]]
    assert totals.counts.tolist() == [[2, 1], [1, 0], [1, 1]]
    assert totals.means() == pytest.approx([3 / 4, 1.5 / 2])


def test_nothing_can_be_said_of_no_seeds():
    with pytest.raises(TooLittleDataError):
        user_sums([])


def test_a_metric_without_any_value_has_no_mean_and_no_interval():
    totals = user_sums([frame([1, 2], HR=[1, 0], diversity=[None, None])])
    low, high = bootstrap_intervals(totals.sums, totals.counts, 0, replicates=50)
    assert np.isnan([totals.means()[1], low[1], high[1]]).all()
    assert (low[0], high[0]) == (0, 1)


def test_replicates_in_which_nobody_has_a_value_do_not_count():
    totals = user_sums([frame([1, 2, 3], cHR=[0.5, None, None])])
    low, high = bootstrap_intervals(totals.sums, totals.counts, 0)
    assert (low[0], high[0]) == (0.5, 0.5)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bootstrap_intervals_agree_with_scipy(level):
    values = random_values(1, users=300)
    totals = user_sums([values])
    low, high = bootstrap_intervals(totals.sums, totals.counts, 0, 20_000, level)
    for place, name in enumerate(totals.metrics):
        theirs = stats.bootstrap(
            (values[name].to_numpy(),),
            np.mean,
            n_resamples=20_000,
            confidence_level=level,
            method="percentile",
            rng=np.random.default_rng(9),
        ).confidence_interval
        assert (low[place], high[place]) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_users_are_drawn_with_all_their_seeds():
    """Five equal seeds tell no more than one; and a ratio of sums, as scipy's own bootstrap has."""
    values = random_values(2)
    one, five = user_sums([values]), user_sums([values] * 5)
    once = np.array(bootstrap_intervals(one.sums, one.counts, 3))
    assert np.array(bootstrap_intervals(five.sums, five.counts, 3)) == pytest.approx(once)

    unequal = user_sums([values, values.head(10), values.head(5)])
    theirs = stats.bootstrap(
        (unequal.sums[:, 0], unequal.counts[:, 0]),
        lambda s, n, axis: s.sum(axis=axis) / n.sum(axis=axis),
        n_resamples=20_000,
        paired=True,
        method="percentile",
        rng=np.random.default_rng(9),
    ).confidence_interval
    low, high = bootstrap_intervals(unequal.sums, unequal.counts, 0, 20_000)
    assert (low[0], high[0]) == pytest.approx((theirs.low, theirs.high), abs=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_p_values_agree_with_scipy_where_all_flips_can_be_tried(seed):
    differences = np.random.default_rng(seed).normal(0.35, 1, (11, 3))
    found = randomisation_test(differences, seed, flips=20_000)
    for place, value in enumerate(found):
        exact = stats.permutation_test(
            (differences[:, place],), np.sum, permutation_type="samples", n_resamples=np.inf
        ).pvalue
        assert value == pytest.approx(exact, abs=0.015)


@pytest.mark.parametrize("seed", range(3))
def test_flips_that_tie_with_what_was_seen_count(seed):
    """Tenths have no exact floating-point form, so sums that tie differ in their last digits."""
    tenths = np.random.default_rng(seed).integers(-3, 6, (9, 5))
    flipped = np.array(list(product([1, -1], repeat=9))) @ tenths
    exact = np.mean(np.abs(flipped) >= np.abs(tenths.sum(axis=0)), axis=0)
    found = randomisation_test(tenths / 10, 0, flips=50_000)
    assert found == pytest.approx(exact, abs=0.01)


def test_p_values_reach_neither_0_nor_more_than_1():
    many = randomisation_test(np.column_stack([np.ones(60), np.zeros(60)]), 0, flips=500)
    assert many.tolist() == [1 / 501, 1.0]


def test_of_alike_lists_one_in_twenty_is_called_significant():
    differences = np.random.default_rng(0).normal(0, 1, (40, 2000))
    share = np.mean(randomisation_test(differences, 1, flips=2000) < 0.05)
    assert share == pytest.approx(0.05, abs=0.015)


def test_everything_follows_from_the_seed():
    totals = user_sums([random_values(4)])

    def drawn(seed):
        interval = bootstrap_intervals(totals.sums, totals.counts, seed, 100)
        return *np.concatenate(interval), *randomisation_test(totals.sums - 0.5, seed, 100)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_blocks_change_nothing_but_what_is_drawn(monkeypatch):
    totals = user_sums([random_values(5)])

    def both():
        low, high = bootstrap_intervals(totals.sums, totals.counts, 0, 5001)
        return *low, *high, *randomisation_test(totals.sums - 0.45, 0, 5001)

    whole = both()
    monkeypatch.setattr(significance, "BLOCK_CELLS", 300)
    assert both() == pytest.approx(whole, abs=0.02)


def test_paired_by_hand():
    a = {
        1: frame([1, 2, 3], HR=[1, 1, 0], cHR=[1, None, 0]),
        2: frame([1, 2], HR=[1, 0], cHR=[1, 0]),
    }
    b = {1: frame([3, 1, 4], HR=[1, 0, 0], cHR=[0, 1, 0]), 2: frame([1, 2], HR=[0, 0], cHR=[0, 0])}
    a[7] = frame([1], HR=[0], cHR=[0])
    found = {row["metric"]: row for row in paired(a, b, 0).iter_rows(named=True)}
    assert found["HR"]["users"] == found["cHR"]["users"] == 3
    assert found["HR"]["difference"] == pytest.approx((1 + 1 + 0 - 1) / 4)
    assert found["cHR"]["difference"] == pytest.approx((0 + 1 + 0 + 0) / 4)
    assert found["HR"]["better"] == found["HR"]["worse"] == pytest.approx(1 / 3)
    assert (found["cHR"]["better"], found["cHR"]["worse"]) == pytest.approx((1 / 3, 0))


def test_users_and_values_that_are_only_in_one_do_not_count():
    a, b = frame([1, 2, 3], HR=[1, 1, None]), frame([2, 3, 4], HR=[0, 1, 1])
    found = paired({0: a}, {0: b}, 0).row(0, named=True)
    assert found["users"] == 1
    assert found["difference"] == 1


def test_paired_intervals_and_p_values_are_those_of_the_differences():
    a, b = random_values(6, shift=0.15), random_values(7)
    found = paired({3: a}, {3: b}, 5)
    gaps = user_sums([a.select("user", *(a[name] - b[name] for name in ("NDCG@10", "HR@10")))])
    low, high = bootstrap_intervals(gaps.sums, gaps.counts, 5)
    assert found["low"].to_list() == low.tolist()
    assert found["high"].to_list() == high.tolist()
    assert found["p_value"].to_list() == randomisation_test(gaps.sums, 5).tolist()
    assert (found["low"] < found["difference"]).all()
    assert (found["difference"] < found["high"]).all()


def test_paired_is_antisymmetric():
    a, b = {0: random_values(8)}, {0: random_values(9)}
    there, back = paired(a, b, 0), paired(b, a, 0)
    assert there["difference"].to_list() == (-back["difference"]).to_list()
    assert there["p_value"].to_list() == back["p_value"].to_list()
    assert there["better"].to_list() == back["worse"].to_list()


def test_what_cannot_be_compared_is_null():
    nothing = {0: frame([1, 2], diversity=[None, None])}
    found = paired(nothing, nothing, 0).row(0, named=True)
    assert found.pop("metric") == "diversity"
    assert found.pop("users") == 0
    assert set(found.values()) == {None}


def test_lists_of_other_seeds_cannot_be_paired():
    with pytest.raises(TooLittleDataError):
        paired({1: random_values(0)}, {2: random_values(0)}, 0)


def test_a_list_is_not_better_than_itself():
    same = {0: random_values(0), 1: random_values(1)}
    found = paired(same, same, 0)
    assert found["p_value"].to_list() == [1, 1]
    assert found["low"].to_list() == found["high"].to_list() == [0, 0]
    assert found["better"].to_list() == found["worse"].to_list() == [0, 0]


def test_gains_and_losses_that_cancel_over_seeds_are_neither_better_nor_worse():
    zero = frame([1], HR=[0.0])
    gains = {1: frame([1], HR=[0.1]), 2: frame([1], HR=[0.2]), 3: frame([1], HR=[-0.3])}
    found = paired(gains, dict.fromkeys(gains, zero), 0).row(0, named=True)
    assert (found["better"], found["worse"]) == (0, 0)


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


def test_what_is_no_test_does_not_count_in_holm():
    assert holm(np.array([0.01, np.nan, 0.02])) == pytest.approx([0.02, np.nan, 0.02], nan_ok=True)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_its_step_down_definition(p_values):
    """A hypothesis falls at level alpha as long as every smaller p fell at alpha / (m - i)."""
    ordered = sorted(range(len(p_values)), key=p_values.__getitem__)
    expected, highest = [0.0] * len(p_values), 0.0
    for i, place in enumerate(ordered):
        highest = max(highest, min(1.0, (len(p_values) - i) * p_values[place]))
        expected[place] = highest
    found = holm(np.array(p_values))
    assert found == pytest.approx(expected)
    assert (found >= p_values).all()


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_the_interval_over_seeds_is_students(level):
    values = [0.21, 0.25, 0.2, 0.26, 0.22]
    theirs = stats.ttest_1samp(values, 0).confidence_interval(level)
    expected = np.mean(values), np.std(values, ddof=1), *theirs
    assert seed_interval(values, level) == pytest.approx(expected)


def test_a_single_seed_has_a_mean_alone():
    assert seed_interval([0.4]) == (0.4, None, None, None)


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "expected"),
    [
        (0.01, 0.02, 0.049, "higher"),
        (-0.02, -0.01, 0.001, "lower"),
        (0.01, 0.02, 0.05, "no difference shown"),
        (-0.02, -0.01, 0.2, "no difference shown"),
        (-0.01, 0.02, 0.001, "no difference shown"),
        (0.0, 0.02, 0.001, "no difference shown"),
        (-0.02, 0.0, 0.001, "no difference shown"),
        (0.01, 0.02, None, "no difference shown"),
        (0.01, 0.02, math.nan, "no difference shown"),
        (None, None, 0.01, "no difference shown"),
    ],
)
def test_only_a_difference_that_is_shown_twice_is_called_one(low, high, p_holm, expected):
    assert verdict(low, high, p_holm) == expected
