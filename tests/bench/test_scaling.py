"""What is foretold agrees with what was measured, at the size at which it was measured."""

import pytest

from tests.bench import samples, scaling
from tests.bench.page import planned
from tests.bench.stages import CELLS, PAIRS, RATINGS, USERS

USERS_AT_LARGEST, ITEMS = 50_000, 60_000


def measured(exponent=1.0):
    """Nights of 1 M and 10 M ratings, whose fit grows so."""
    found = {}
    for size in (1_000_000, 10_000_000):
        share = size / 10_000_000
        one = samples.of_size(size)
        people = round(USERS_AT_LARGEST * share)
        one["shape"] |= {"users": people, "items": ITEMS, "ratings": size}
        one["night"]["by_stage"] = [
            samples.stage("fit", RATINGS, size, 100 * share**exponent, 2048.0),
            samples.stage("candidates", CELLS, people * ITEMS, 50 * share),
            samples.stage("re-rank", PAIRS, people * 100, 10 * share),
            samples.stage("profiles", USERS, people, 5 * share),
        ]
        found[str(size)] = one
    return {"sizes": found}


def told_of(scale):
    told = scaling.foretold(scale, samples.bench())
    assert told is not None
    return told["sizes"]


@pytest.fixture
def at_largest(monkeypatch):
    monkeypatch.setattr(scaling, "SIZES", (USERS_AT_LARGEST, 10 * USERS_AT_LARGEST))


@pytest.mark.usefixtures("at_largest")
def test_at_the_measured_size_the_hours_are_those_measured():
    told = told_of(measured())[0]
    seconds = {stage: 3600 * hours for stage, hours in told.hours.items()}
    expected = {"fit": 100, "candidates": 50, "re-rank": 10, "profiles": 5}
    assert seconds == pytest.approx(expected, rel=0.03)
    assert told.ratings == 10_000_000 and told.items == ITEMS
    assert told.ratings_gb == pytest.approx(2.0)
    assert 3600 * told.hours_changed == pytest.approx(100 + 0.65, rel=0.03)


@pytest.mark.usefixtures("at_largest")
def test_a_stage_that_grows_faster_than_its_unit_is_foretold_so():
    slow = told_of(measured(1.5))[1]
    plain = told_of(measured())[1]
    assert slow.hours["fit"] == pytest.approx(plain.hours["fit"] * 10**0.5, rel=0.01)
    assert slow.items == pytest.approx(ITEMS * 10**0.381, rel=0.01)


@pytest.mark.usefixtures("at_largest")
def test_requests_and_dollars_come_from_the_tokens_of_a_pair():
    told = told_of(measured())[0]
    pairs = USERS_AT_LARGEST * scaling.HEAD
    assert told.requests == pairs * 0.04
    nano = (60 * 0.05 + 20 * 0.005 + 10 * 0.40) / 1e6
    assert told.dollars["gpt-5-nano"] == pytest.approx(pairs * nano)


def test_without_a_large_night_nothing_is_foretold():
    assert scaling.foretold({"sizes": {"1000000": samples.of_size(1_000_000)}}, {}) is None
    assert "No night of ten million" in planned({}, {})
