"""Kill -9 in the middle of nights in which a language model judges heads of lists."""

from pathlib import Path

import pytest

from tests.crash.nights import NightPlan, NightTrial
from tests.flows.test_cascade import LEARNED

SMALL = NightPlan(kills=2, seed=3, method=("--method", LEARNED), people=100, sampled=25)


@pytest.mark.slow
def test_a_killed_night_carries_on_pays_nothing_twice_and_publishes_the_same(
    tmp_path: Path, server: str
) -> None:
    end = NightTrial(SMALL, tmp_path, server).run()
    assert [*end.problems, *(kill.problems for kill in end.kills if kill.problems)] == []
    sample = 2 * 2 * SMALL.sampled
    first, second = end.kills
    assert first.received < sample < second.received < end.needed
    assert any(kill.hit_requests for kill in end.kills)
    assert end.wasted <= end.in_doubt <= end.intents
