"""Marks and their probabilities asked for in batches: as live, joined from a file."""

import ssl
from pathlib import Path

import pytest

from tests.llm.batch_commands import ask, without_certificates
from tests.llm.batch_people import people, right
from tests.llm.batch_seen import rows
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import fake_llm

EVERYBODY = people("Ann", "Bob", "Carl")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    monkeypatch.setattr(ssl, "create_default_context", without_certificates)


@pytest.mark.parametrize("way", ["probability", "ratings"])
def test_the_lines_of_a_batch_give_expected_marks(tmp_path: Path, way: str) -> None:
    with fake_llm(tmp_path / "llm", probabilities=True) as fake:
        found = ask(tmp_path, fake, EVERYBODY, llm_ask=way).scores
        for mine, healthy in zip(found, right(EVERYBODY), strict=True):
            assert mine == pytest.approx(healthy)
        asked = len(fake.calls())
        assert all(call.batch and call.body["logprobs"] for call in fake.calls())
        assert ask(tmp_path, fake, EVERYBODY, llm_ask=way).scores == found
        assert len(fake.calls()) == asked


def test_what_a_batch_leaves_out_is_asked_again_by_probability_too(tmp_path: Path) -> None:
    with fake_llm(tmp_path / "llm", probabilities=True) as fake:
        fake.script(faults.batch_partial(0.5, times=1), faults.missing(times=1))
        found = ask(tmp_path, fake, EVERYBODY, llm_ask="probability").scores
        for mine, healthy in zip(found, right(EVERYBODY), strict=True):
            assert mine == pytest.approx(healthy)
        assert len({call.batch for call in fake.calls()}) >= 2
        outcomes = dict(rows(tmp_path, "SELECT outcome, count(*) FROM requests GROUP BY 1"))
        assert outcomes["unanswered"] == 3 and outcomes["answered"] >= 6
