"""How fast requests are sent, in simulated time: limits hold, and a busy server slows everybody."""

import asyncio
import time

import pytest

from tasks.llm.options import LlmOptions
from tasks.llm.pacing import LONGEST_PAUSE, Clock, Pacer, backoff_ceiling
from tests.support.fake_clock import FakeClock, LoopClock, run_simulated


def pacer(clock: Clock | None = None, **options):
    return Pacer(LlmOptions.model_validate(options), clock or LoopClock())


async def send(pace, opened, answer_seconds=0.0, tokens=100):
    async with pace.slot(tokens):
        opened.append(asyncio.get_running_loop().time())
        await asyncio.sleep(answer_seconds)


async def send_many(pace, count, answer_seconds=0.0, tokens=100):
    """When each was sent, in seconds after the first."""
    opened: list[float] = []
    await asyncio.gather(*(send(pace, opened, answer_seconds, tokens) for _ in range(count)))
    return [moment - opened[0] for moment in opened]


def most_within(moments, seconds):
    return max(sum(a <= m < a + seconds for m in moments) for a in moments)


def test_no_more_are_in_flight_than_allowed():
    async def run():
        pace, most = pacer(llm_concurrency=3), 0

        async def watched():
            nonlocal most
            async with pace.slot(1):
                most = max(most, pace.in_flight)
                await asyncio.sleep(1)

        await asyncio.gather(*(watched() for _ in range(20)))
        return most, pace.in_flight, asyncio.get_running_loop().time()

    most, left, now = run_simulated(run())
    assert (most, left) == (3, 0)
    assert now == pytest.approx(1_007, abs=0.1)  # 20 of a second each, three at a time


def test_a_send_that_fails_or_is_cancelled_gives_its_place_back():
    async def run():
        pace = pacer(llm_concurrency=1)
        with pytest.raises(ValueError, match="lost"):
            async with pace.slot(1):
                raise ValueError("lost")
        held = asyncio.ensure_future(send(pace, [], answer_seconds=99))
        waiting = asyncio.ensure_future(send(pace, []))
        await asyncio.sleep(0)
        for task in (waiting, held):
            task.cancel()
        await asyncio.gather(held, waiting, return_exceptions=True)
        assert pace.in_flight == 0
        return await send_many(pace, 1)

    assert run_simulated(run()) == [0.0]


def test_one_who_is_cancelled_while_waiting_for_the_rate_gives_its_place_back():
    async def run():
        pace = pacer(llm_concurrency=1, llm_requests_per_minute=1)
        await send_many(pace, 1)
        waiting = asyncio.ensure_future(send(pace, []))
        await asyncio.sleep(1)
        assert pace.in_flight == 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return pace.in_flight

    assert run_simulated(run()) == 0


@pytest.mark.parametrize("per_minute", [30, 60, 600, 3_000])
def test_requests_per_minute_are_kept_and_used(per_minute):
    count = min(3 * per_minute, 300)

    async def run():
        return await send_many(pacer(llm_requests_per_minute=per_minute), count)

    moments = run_simulated(run())
    a_second = per_minute / 60
    burst = 1 + 0.2 * a_second
    assert moments[-1] == pytest.approx(count / a_second, rel=0.05)
    for seconds in (1.0, 5.0, 60.0):
        assert most_within(moments, seconds) <= seconds * a_second * 1.05 + burst


def test_requests_per_minute_are_kept_in_real_time():
    async def run():
        return await send_many(pacer(Clock(), llm_requests_per_minute=6_000), 120)

    moments = asyncio.run(run())
    assert moments[-1] == pytest.approx(1.0, abs=0.3)


@pytest.mark.parametrize("tokens", [300, 499, 1_000, 3_000, 7_321])
def test_tokens_per_minute_are_used_whatever_the_size_of_a_request(tokens):
    async def run():
        pace = pacer(llm_tokens_per_minute=60_000)
        before = asyncio.get_running_loop().time()
        await send_many(pace, 120_000 // tokens, tokens=tokens)
        return asyncio.get_running_loop().time() - before

    assert run_simulated(run()) == pytest.approx(120, rel=0.05, abs=tokens / 1_000)


@pytest.mark.parametrize(
    ("per_minute", "tokens"),
    [(60_000, 300), (60_000, 3_000), (30_000, 3_000), (200_000, 3_000), (6_000, 3_000)],
)
def test_no_minute_sees_more_tokens_than_allowed(per_minute, tokens):
    """But for what may be sent at once, and for the one request that begins the minute."""

    async def run():
        pace = pacer(llm_tokens_per_minute=per_minute)
        return await send_many(pace, 2 * per_minute // tokens, 0.3, tokens)

    most = most_within(run_simulated(run()), 60.0) * tokens
    assert most <= per_minute * 1.05 + tokens + max(500, per_minute * 0.2 / 60)


def test_a_request_larger_than_a_burst_waits_in_proportion():
    async def run():
        pace, took = pacer(llm_tokens_per_minute=6_000), []
        for tokens in (600, 1_200, 12_000):
            await send_many(pace, 1, tokens=500)  # the bucket is full
            before = asyncio.get_running_loop().time()
            await send_many(pace, 1, tokens=tokens)
            took.append(asyncio.get_running_loop().time() - before)
        return took

    assert run_simulated(run()) == [pytest.approx(s, abs=0.1) for s in (6, 12, 120)]


def test_a_large_request_is_not_overtaken_for_ever_by_small_ones():
    async def run():
        pace = pacer(llm_tokens_per_minute=6_000)
        opened: list[float] = []
        loop = asyncio.get_running_loop()
        before = loop.time()

        async def keep_coming():
            while not opened and loop.time() < before + 600:
                await send(pace, [], answer_seconds=0.5, tokens=100)

        large = send(pace, opened, tokens=2_000)
        await asyncio.gather(large, *(keep_coming() for _ in range(7)))
        return opened[0] - before

    assert run_simulated(run()) < 120  # 20 s of its own


def test_without_limits_nobody_waits():
    async def run():
        return await send_many(pacer(llm_concurrency=5), 50)

    assert run_simulated(run())[-1] < 0.01


def test_a_burst_of_refusals_halves_the_window_once():
    async def run():
        pace = pacer(FakeClock(), llm_concurrency=16)
        clock = pace._clock
        slots = []
        for _ in range(10):
            async with pace.slot(1) as slot:
                slots.append(slot)
        clock.advance(1)
        for slot in slots:
            pace.crowded(slot, None)
            clock.advance(0.01)
        assert (pace.window, pace.slowdowns) == (8.0, 1)
        clock.advance(60)
        async with pace.slot(1) as slot:
            clock.advance(1)
            pace.crowded(slot, None)
        return pace.window, pace.slowdowns

    assert asyncio.run(run()) == (4.0, 2)


def test_the_window_never_closes_and_never_opens_wider_than_allowed():
    async def run():
        pace = pacer(FakeClock(), llm_concurrency=4)
        for _ in range(10):
            async with pace.slot(1) as slot:
                pace._clock.advance(1)
                pace.crowded(slot, 0.0)
        least = pace.window
        for _ in range(100):
            pace.answered()
        return least, pace.window

    assert asyncio.run(run()) == (1.0, 4.0)


def test_the_window_grows_by_about_one_for_every_window_of_answers():
    pace = pacer(llm_concurrency=16)
    pace.window = 4.0
    widths = []
    for width in (4, 5, 6, 7):
        for _ in range(width):
            pace.answered()
        widths.append(pace.window)
    assert widths == [pytest.approx(width, abs=0.4) for width in (5, 6, 7, 8)]


def test_a_narrow_window_holds_back_those_who_come_later():
    async def run():
        pace = pacer(llm_concurrency=8)
        async with pace.slot(1) as slot:
            await asyncio.sleep(1)
            pace.crowded(slot, 0.0)
        return await send_many(pace, 12, answer_seconds=10.0)

    rounded = [round(moment) for moment in run_simulated(run())]
    assert rounded == [0] * 4 + [10] * 4 + [20] * 4


def test_a_pause_that_the_server_asks_for_holds_everybody():
    async def run():
        pace = pacer(llm_concurrency=8)
        async with pace.slot(1) as slot:
            pace.crowded(slot, 20.0)
        assert pace.paused_for == pytest.approx(20)
        before = asyncio.get_running_loop().time()
        opened: list[float] = []
        await asyncio.gather(*(send(pace, opened) for _ in range(8)))
        return [moment - before for moment in opened]

    moments = run_simulated(run())
    assert min(moments) >= 20
    assert max(moments) <= 21


@pytest.mark.parametrize(
    "limits", [{"llm_requests_per_minute": 60}, {"llm_tokens_per_minute": 6_000}]
)
def test_a_pause_holds_also_those_who_wait_for_the_rate_already(limits):
    async def run():
        pace = pacer(llm_concurrency=8, **limits)
        opened: list[float] = []
        waiting = [asyncio.ensure_future(send(pace, opened, tokens=100)) for _ in range(8)]
        async with pace.slot(0) as slot:
            await asyncio.sleep(1.5)
            began = asyncio.get_running_loop().time()
            pace.crowded(slot, 20.0)
        await asyncio.gather(*waiting)
        return [moment - began for moment in opened]

    late = [moment for moment in run_simulated(run()) if moment > 0]
    assert late
    assert min(late) >= 20


def test_a_longer_pause_is_not_cut_short_by_a_shorter_one():
    async def run():
        pace = pacer()
        async with pace.slot(1) as first, pace.slot(1) as second:
            pace.crowded(first, 20.0)
            pace.crowded(second, 1.0)
        return pace.paused_for

    assert run_simulated(run()) == pytest.approx(20)


def test_opening_up_ends_a_pause_soon():
    async def run():
        pace = pacer()
        async with pace.slot(1) as slot:
            pace.crowded(slot, 3_600.0)
        before = asyncio.get_running_loop().time()
        opened: list[float] = []
        waiting = asyncio.ensure_future(send(pace, opened))
        await asyncio.sleep(5)
        assert not opened
        pace.close()
        await waiting
        assert pace.paused_for == 0
        return opened[0] - before

    assert 5 <= run_simulated(run()) <= 6


def test_without_a_wish_of_the_server_pauses_grow_until_an_answer_comes():
    longest: list[float] = []
    for seed in range(40):

        async def run(seed: int = seed) -> list[float]:
            clock = FakeClock()
            pace, pauses = Pacer(LlmOptions(llm_concurrency=4), clock, seed), []
            for failures in range(1, 10):
                async with pace.slot(1) as slot:
                    clock.advance(0.001)
                    pace.crowded(slot, None)
                pauses.append(pace.paused_for)
                assert pauses[-1] <= backoff_ceiling(failures)
            pace.answered()
            async with pace.slot(1) as slot:
                clock.advance(0.001)
                pace.crowded(slot, None)
            assert pace.paused_for <= backoff_ceiling(1)
            return pauses

        pauses = asyncio.run(run())
        longest = [max(pair) for pair in zip(pauses, longest or pauses, strict=True)]
    assert longest[0] < 0.5 < longest[4] <= 8 < longest[8] <= LONGEST_PAUSE


def test_the_longest_wait_doubles_up_to_half_a_minute():
    waits = [backoff_ceiling(failures) for failures in (0, 1, 2, 3, 7, 8, 10_000 // 10)]
    assert waits == [0.5, 0.5, 1.0, 2.0, 30.0, 30.0, 30.0]


def test_a_real_clock_goes_on():
    async def run():
        clock = Clock()
        before, began = clock.now(), time.monotonic()
        await clock.sleep(0.02)
        return clock.now() - before, time.monotonic() - began

    told, real = asyncio.run(run())
    assert 0.019 <= told <= real + 0.001
