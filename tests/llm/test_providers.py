"""Every provider's ways of refusing and answering: all pairs are judged, with few requests."""

from pathlib import Path

import pytest

from tests.llm.engine_support import people, right, score
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm.handle import fake_llm
from tests.support.fake_llm.profiles import PROFILES

PEOPLE = people(6)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_pair_is_judged_whoever_serves_the_model(tmp_path: Path, profile: str) -> None:
    with fake_llm(tmp_path / "llm", profile=profile) as fake:
        done = score(tmp_path, fake.url, PEOPLE, clock=FakeClock())
        assert done.scores == right(PEOPLE)
        assert len(fake.calls()) <= len(PEOPLE) + 3 * 4, "the form is learned once, not by each"
