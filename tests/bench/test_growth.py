"""Exponents: those of power laws are found, and of sizes that may be looked at alone."""

import pytest

from tests.bench.growth import exponent, exponents


def line(seconds, units, stage="ingest"):
    return {"stage": stage, "unit": "ratings", "units": units, "seconds": seconds}


@pytest.mark.parametrize("power", [0.8, 1.0, 2.0])
def test_the_power_of_a_power_law_is_found(power):
    units = [10, 1_000, 50_000]
    assert exponent(units, [3e-6 * n**power for n in units]) == pytest.approx(power, abs=1e-3)


def test_one_size_says_nothing_of_growth():
    assert exponent([10], [1.0]) is None
    assert exponent([10, 100], [0.0, 1.0]) is None


def test_start_up_costs_weigh_from_the_smallest_size_on_only():
    sizes = {n: [line(2 + 1e-5 * n, n)] for n in (100_000, 1_000_000, 10_000_000)}
    [found] = exponents(sizes)
    assert found["from_100000"] < 0.8
    assert found["from_1000000"] == pytest.approx(0.93, abs=0.01)


def test_the_largest_size_does_not_judge_itself():
    sizes = {n: [line(1e-6 * n, n)] for n in (1_000_000, 10_000_000)}
    assert exponents(sizes | {32_000_000: [line(9_999.0, 32_000_000)]}) == exponents(sizes)


def test_each_stage_is_fitted_in_its_own_unit():
    lines = {
        n: [line(n / 1e6, n), {"stage": "start", "seconds": 1.0}, line(n / 1e6, n**0.5, "score")]
        for n in (1_000_000, 4_000_000)
    }
    assert {f["stage"]: f["from_1000000"] for f in exponents(lines)} == {"ingest": 1, "score": 2}
