"""In which way scores are asked for: what a server allows is found out once, and kept."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tasks.core.errors import LlmSetupError
from tasks.llm.options import Way
from tasks.llm.ways import chosen_way, expected_way
from tests.llm.engine_support import engine_on, people, right, rows, score
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm import faults
from tests.support.fake_llm.handle import fake_llm

PEOPLE = people(4, items=5)


def chosen(home: Path, url: str, *, asking: bool = True, **more: Any) -> Way | None:
    async def whole() -> Way | None:
        async with engine_on(home, url, FakeClock(), **more) as engine:
            return await (chosen_way if asking else expected_way)(engine)

    return asyncio.run(whole())


@pytest.mark.parametrize(("given", "way"), [(True, "probability"), (False, "numbers")])
def test_one_question_shows_the_best_way_and_the_ledger_keeps_it(
    tmp_path: Path, given: bool, way: Way
) -> None:
    with fake_llm(tmp_path / "llm", probabilities=given) as fake:
        assert chosen(tmp_path, fake.url, asking=False) is None
        assert not fake.calls()
        assert [chosen(tmp_path, fake.url) for _ in range(3)] == [way] * 3
        assert len(fake.calls()) == 1
        assert chosen(tmp_path, fake.url, asking=False) == way
        assert chosen(tmp_path, fake.url, llm_base_url=fake.url + "/") == way
        assert chosen(tmp_path, fake.url, llm_model="another", asking=False) is None
        assert [row["kind"] for row in rows(tmp_path)] == ["way"]


def test_numbers_are_asked_for_without_a_question(tmp_path: Path) -> None:
    with fake_llm(tmp_path / "llm", probabilities=True) as fake:
        assert chosen(tmp_path, fake.url, llm_ask="numbers") == "numbers"
        assert not fake.calls()


@pytest.mark.parametrize("way", ["probability", "ratings"])
def test_a_way_that_is_wanted_is_taken_or_refused_with_what_to_do(tmp_path: Path, way: Way) -> None:
    with fake_llm(tmp_path / "with", probabilities=True) as fake:
        assert chosen(tmp_path, fake.url, llm_ask=way) == way
    with fake_llm(tmp_path / "without") as fake:
        for _ in range(2):
            with pytest.raises(LlmSetupError, match=f"--llm-ask {way} reads token prob") as caught:
                chosen(tmp_path, fake.url, llm_ask=way)
            assert "numbers" in caught.value.fix
        assert len(fake.calls()) == 2, "it may have learned since"
        assert chosen(tmp_path, fake.url) == "numbers"
        assert len(fake.calls()) == 2


@pytest.mark.parametrize(
    ("profile", "way"),
    [
        *(("mistral", "numbers"), ("groq", "numbers"), ("azure", "probability")),
        *(("deepseek", "probability"), ("ollama", "probability"), ("vllm", "probability")),
    ],
)
def test_a_server_is_asked_for_no_more_than_it_takes(
    tmp_path: Path, profile: str, way: Way
) -> None:
    with fake_llm(tmp_path / "llm", profile=profile, probabilities=True) as fake:
        assert chosen(tmp_path, fake.url) == way
        assert len(rows(tmp_path)) == 1 and len(fake.calls()) <= 6


def test_an_answer_that_is_none_shows_nothing_and_is_asked_for_again(tmp_path: Path) -> None:
    with fake_llm(tmp_path / "llm", probabilities=True) as fake:
        fake.script(faults.raw("It is hard to say."))
        assert chosen(tmp_path, fake.url) == "numbers"
        fake.script()
        assert chosen(tmp_path, fake.url) == "probability"


def test_scores_are_the_expected_marks_and_stand_under_a_name_of_their_own(tmp_path: Path) -> None:
    with fake_llm(tmp_path / "llm", probabilities=True) as fake:
        by_numbers = score(tmp_path, fake.url, PEOPLE)
        done = score(tmp_path, fake.url, PEOPLE, llm_ask="probability")
        for one, two in zip(done.scores, right(PEOPLE), strict=True):
            assert one == pytest.approx(two)
        assert len(fake.calls()) == 2 * len(PEOPLE), "no score of another way counts"
        again = score(tmp_path, fake.url, PEOPLE, llm_ask="probability")
        assert again.scores == done.scores and by_numbers.scores == right(PEOPLE)
        assert len(fake.calls()) == 2 * len(PEOPLE)
        beside = score(tmp_path, fake.url, PEOPLE[:1], llm_ask="ratings")
        assert beside.scores[0] == pytest.approx(right(PEOPLE)[0])
    judges = {row["judge"].split()[1].rpartition("-")[0] for row in rows(tmp_path, "scores")}
    assert judges == {"score-1", "mark-1", "rate-1"}


def test_requests_about_one_person_begin_alike_down_to_the_first_item(tmp_path: Path) -> None:
    with fake_llm(tmp_path / "llm", probabilities=True) as fake:
        score(tmp_path, fake.url, PEOPLE[:1], llm_ask="ratings", llm_items=1)
        begins = {call.user.partition('<item key="01">')[0] for call in fake.calls()}
        assert len(fake.calls()) == 5 and len(begins) == 1


def test_doubled_and_missing_marks_are_asked_for_again_and_a_changed_check_splits(
    tmp_path: Path,
) -> None:
    for fault in (faults.doubled(times=1), faults.missing(times=1), faults.wrong_check(times=1)):
        home = tmp_path / fault.kind
        with fake_llm(home / "llm", probabilities=True) as fake:
            fake.script(fault)
            done = score(home, fake.url, PEOPLE[:1], llm_ask="probability")
            assert done.scores[0] == pytest.approx(right(PEOPLE)[0])
            assert len(fake.calls()) == (3 if fault.kind == "wrong_check" else 2)


def test_a_server_that_stops_giving_probabilities_stops_the_command(tmp_path: Path) -> None:
    with fake_llm(tmp_path / "llm") as fake:
        done = score(tmp_path, fake.url, people(30), llm_ask="probability", clock=FakeClock())
        assert isinstance(done.error, LlmSetupError)
        assert "no token probabilities" in done.error.what and "numbers" in done.error.fix
        assert len(fake.calls()) <= 20
        reasons = {row["finish_reason"] for row in rows(tmp_path)}
        assert "no token probabilities" in reasons
