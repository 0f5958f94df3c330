"""Limits, pace, order and waiting of a whole engine, against a real server."""

import asyncio
from dataclasses import replace

import pytest

from tasks.core.errors import LimitReachedError, SettingsError, StoppedError
from tasks.llm.asking import ask_scores
from tasks.llm.budget import Budget
from tasks.llm.item_asking import ItemsAsking
from tasks.llm.questions import SCORE
from tasks.llm.requests import Usage
from tests.llm.engine_support import (
    MODEL,
    films,
    most_at_once,
    options,
    outcomes,
    people,
    person,
    right,
    rows,
    run,
    score,
)
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm import faults

PRICES = f"""
[models."{MODEL}"]
input = 1
cached = 0.1
output = 10
"""


def worst(one):
    """The most tokens that the first request about a person can use, as we count them."""
    [request] = ItemsAsking(SCORE, "judge", one, lambda: 25, lambda _count: None).pending()
    return request.tokens_expected, request.answer_tokens


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_requests_are_in_flight_than_allowed(fake, tmp_path, at_once) -> None:
    fake.script(faults.slow(0.1))
    asked = people(9)
    done = score(tmp_path, fake.url, asked, llm_concurrency=at_once)
    assert done.scores == right(asked)
    assert most_at_once(fake.calls()) == at_once, "neither more nor fewer"


def test_requests_about_a_person_go_one_after_another_and_people_side_by_side(
    fake, tmp_path
) -> None:
    fake.script(faults.slow(0.1))
    asked = people(3, items=8)
    assert score(tmp_path, fake.url, asked, llm_items=2).scores == right(asked)
    assert len(fake.calls()) == 12 and most_at_once(fake.calls()) > 1
    for number in range(3):
        theirs = [call for call in fake.calls() if f"taste {number}\n" in call.user]
        assert len(theirs) == 4 and most_at_once(theirs) == 1


def test_from_a_persons_second_request_on_all_that_is_common_is_cached(fake, tmp_path) -> None:
    long = "I like slow films about trains, rain, and people who never say what they mean. " * 6
    asked = [person(f"{name} {long}", films(6, name)) for name in ("Ann", "Bob")]
    score(tmp_path, fake.url, asked, llm_items=2, llm_concurrency=1)
    for name in ("Ann", "Bob"):
        first, *others = [call for call in fake.calls() if f"{name} " in call.user]
        told = set(first.user.split("<items")[0].split())
        assert len(others) == 2 and "rain," in told
        for call in others:
            assert call.cached_tokens > first.cached_tokens + 6 * 16 - 16
            assert call.prompt_tokens - call.cached_tokens < 60, "only items are new"
            assert call.system == first.system


@pytest.mark.parametrize("at_once", [1, 4])
def test_the_limit_of_requests_is_met_exactly_and_the_next_command_carries_on(
    fake, tmp_path, at_once
) -> None:
    fake.script(faults.slow(0.1))
    asked = people(8)
    done = score(tmp_path, fake.url, asked, max_requests=3, llm_concurrency=at_once)
    assert isinstance(done.error, LimitReachedError) and "--max-requests" in str(done.error)
    assert len(fake.calls()) == done.totals.sends == 3
    assert outcomes(tmp_path) == ["answered"] * 3, "what was in flight is kept"
    assert len(rows(tmp_path, "scores")) == 9
    done = score(tmp_path, fake.url, asked, max_requests=5, llm_concurrency=at_once)
    assert done.scores == right(asked) and len(fake.calls()) == 3 + 5
    assert len({call.user for call in fake.calls()}) == 8


def test_repeated_sends_count_against_the_limit_of_requests(fake, tmp_path) -> None:
    fake.script(faults.status(500, times=2))
    done = score(tmp_path, fake.url, people(4), clock=FakeClock(), max_requests=4)
    assert isinstance(done.error, LimitReachedError) and len(fake.calls()) == 4
    assert len(rows(tmp_path, "scores")) == 6 and None not in outcomes(tmp_path)


@pytest.mark.parametrize("limit", ["max_requests", "max_tokens", "max_cost"])
def test_a_limit_of_nothing_sends_nothing_but_gives_what_is_known(fake, tmp_path, limit) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    score(tmp_path, fake.url, people(2))
    limits = {limit: 0, "llm_prices": prices}
    assert score(tmp_path, fake.url, people(2), **limits).scores == right(people(2))
    done = score(tmp_path, fake.url, people(3), **limits)
    assert isinstance(done.error, LimitReachedError) and len(fake.calls()) == 2


@pytest.mark.parametrize("at_once", [1, 4])
def test_the_limit_of_tokens_holds_in_the_worst_case(fake, tmp_path, at_once) -> None:
    fake.script(faults.slow(0.1))
    asked = people(8)
    prompt, answer = worst(asked[0])
    limit = int(3.5 * (prompt + answer))
    done = score(tmp_path, fake.url, asked, max_tokens=limit, llm_concurrency=at_once)
    assert isinstance(done.error, LimitReachedError) and "--max-tokens" in str(done.error)
    calls = fake.calls()
    used = [call.prompt_tokens + call.completion_tokens for call in calls]
    assert done.totals.prompt + done.totals.answer == sum(used) <= limit
    if at_once == 1:
        assert all(sum(used[:n]) + prompt + answer <= limit for n in range(len(used)))
        assert sum(used) + prompt + answer > limit, "another one would have fitted"
    else:
        assert len(calls) == 3, "what is in flight counts with its worst case"
    assert outcomes(tmp_path) == ["answered"] * len(calls)
    done = score(tmp_path, fake.url, asked)
    assert done.scores == right(asked) and len(fake.calls()) == 8


@pytest.mark.parametrize("at_once", [1, 4])
def test_the_limit_of_cost_holds_in_the_worst_case(fake, tmp_path, at_once) -> None:
    fake.script(faults.slow(0.05))
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    asked = people(24)
    prompt, answer = worst(asked[0])
    most = 1_000 * (prompt + 10 * answer)  # in billionths
    limit = int(3.5 * most)
    money = {"max_cost": limit / 1e9, "llm_prices": prices}
    done = score(tmp_path, fake.url, asked, llm_concurrency=at_once, **money)
    assert isinstance(done.error, LimitReachedError) and "--max-cost" in str(done.error)
    calls = fake.calls()
    costs = [
        1_000 * (c.prompt_tokens - c.cached_tokens + 10 * c.completion_tokens)
        + 100 * c.cached_tokens
        for c in calls
    ]
    assert done.totals.nano_dollars == sum(costs) <= limit
    assert sorted(row["cost_nano_dollars"] for row in rows(tmp_path)) == sorted(costs)
    if at_once == 1:
        assert all(sum(costs[:n]) + most <= limit for n in range(len(costs)))
        assert sum(costs) + most > limit, "another one would have fitted"
    else:
        assert len(calls) == 3
    assert score(tmp_path, fake.url, asked).scores == right(asked)
    assert len(fake.calls()) == 24


def test_what_may_have_been_charged_counts_against_the_limits(fake, tmp_path) -> None:
    fake.script(faults.cut_json())
    [one] = people(1)
    limit = int(2.5 * sum(worst(one)))
    done = score(tmp_path, fake.url, [one], clock=FakeClock(), max_tokens=limit)
    assert isinstance(done.error, LimitReachedError) and len(fake.calls()) == 2
    assert [row["perhaps_billed"] for row in rows(tmp_path)] == [2]


def test_a_limit_of_cost_needs_a_price() -> None:
    with pytest.raises(SettingsError, match="--llm-prices"):
        Budget(options("http://x/v1", max_cost=1))


def test_waits_are_random_up_to_a_ceiling_that_doubles_to_30_seconds(fake, tmp_path) -> None:
    fake.script(faults.cut_json())
    asked, attempts = people(4), 10
    done = score(tmp_path, fake.url, asked, clock=FakeClock(), llm_attempts=attempts)
    assert done.scores == [[None] * 3] * 4 and len(fake.calls()) == 40
    ceilings = sorted(min(30.0, 0.5 * 2**n) for n in range(attempts - 1))
    assert len(done.naps) == 4 * len(ceilings)
    assert 15 < max(done.naps) <= 30 and len(set(done.naps)) == len(done.naps)
    pairs = list(zip(sorted(done.naps), sorted(ceilings * 4), strict=True))
    assert all(nap <= ceiling for nap, ceiling in pairs)
    halved = sum(nap < ceiling / 2 for nap, ceiling in pairs)
    assert halved > len(pairs) / 4, "full jitter goes down to nothing"


def test_the_whole_job_waits_up_to_30_seconds_and_narrows_to_one_request(fake, tmp_path) -> None:
    fake.script(faults.rate_limited(times=40))
    asked, clock = people(8), FakeClock()
    done = score(tmp_path, fake.url, asked, clock=clock, llm_patience=10_000)
    assert done.scores == right(asked)
    assert min(done.windows) == 1.0 and done.windows[0] == 4.0, "halved from eight"
    assert 15 < max(done.pauses) <= 30
    assert len(fake.calls()) == 40 + 8


def test_after_a_slowdown_the_window_opens_again_answer_by_answer(fake, tmp_path) -> None:
    fake.script(faults.rate_limited("1", times=1))
    windows = []

    async def ask(engine, told):
        answers = await ask_scores(engine, people(1), told)
        windows.append(engine.pacer.window)
        await ask_scores(engine, people(40), told)
        windows.append(engine.pacer.window)
        return answers

    run(tmp_path, fake.url, ask, clock=FakeClock())
    assert 4.0 < windows[0] < 5.0 and windows[1] == 8.0


def test_stopping_ends_the_asking_and_keeps_what_is_in_flight(fake, tmp_path) -> None:
    fake.script(faults.slow(0.4))
    asked = people(10)

    async def stop(engine):
        while engine.budget.totals.sends < 2:
            await asyncio.sleep(0.01)
        engine.stop()

    done = score(tmp_path, fake.url, asked, during=stop, llm_concurrency=2)
    assert isinstance(done.error, StoppedError) and done.seconds < 10
    assert len(fake.calls()) == 2 and outcomes(tmp_path) == ["answered"] * 2
    fake.script()
    assert score(tmp_path, fake.url, asked).scores == right(asked)
    assert len(fake.calls()) == 10


def test_stopping_ends_every_wait(fake, tmp_path) -> None:
    fake.script(faults.rate_limited("500"))  # one alone in flight

    async def stop(engine):
        while not engine.pacer.slowdowns:
            await asyncio.sleep(0.01)
        engine.stop()

    done = score(tmp_path, fake.url, people(5), during=stop, llm_concurrency=1)
    assert isinstance(done.error, StoppedError) and done.seconds < 10


def test_stopping_does_not_wait_for_a_ration_of_requests(fake, tmp_path) -> None:
    async def stop(engine):
        while not engine.budget.totals.requests:
            await asyncio.sleep(0.01)
        engine.stop()

    done = score(tmp_path, fake.url, people(4), during=stop, llm_requests_per_minute=20)
    assert isinstance(done.error, StoppedError) and done.seconds < 5


def test_requests_per_minute_are_kept(fake, tmp_path) -> None:
    done = score(tmp_path, fake.url, people(10), llm_requests_per_minute=600)
    gaps = sorted(call.at for call in fake.calls())
    assert len(gaps) == 10 and done.seconds > 0.7
    assert all(later - earlier > 0.3 for earlier, later in zip(gaps, gaps[5:], strict=False))


def test_one_send_is_one_request_to_the_server(fake, tmp_path) -> None:
    fake.script(faults.status(500))
    done = score(tmp_path, fake.url, people(1), clock=FakeClock(), llm_attempts=3)
    assert len(fake.calls()) == len(done.sent_at) == done.totals.sends == 3


def test_a_server_that_cuts_prompts_silently_is_noticed_and_said_once(
    fake, tmp_path, monkeypatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("tasks.llm.engine.say", told.append)
    long = people(3, items=60)
    score(tmp_path, fake.url, long, llm_items=60)
    assert not told

    async def ask(engine, settled):
        send = engine.client.send

        async def cutting(request):
            reply = await send(request)
            return replace(reply, usage=Usage(prompt=200, answer=5))

        engine.client.send = cutting
        return await ask_scores(engine, people(3, items=61), settled)

    run(tmp_path / "other", fake.url, ask, llm_items=61)
    assert len(told) == 1 and "cuts prompts" in told[0] and "200 tokens" in told[0]
