"""Limits that processes share: parts that never sum to more, and are never too many."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import LimitReachedError, StoppedError
from tasks.core.secrets import Secrets
from tasks.llm.budget import Budget
from tasks.llm.engine import Engine
from tasks.llm.ledger.ledger import open_ledger
from tasks.llm.open_sessions import close_sessions, shared_here, sharing_here
from tasks.llm.options import EngineOptions, Sharing
from tasks.llm.pacing import Clock, Pacer
from tasks.llm.requests import Usage
from tasks.llm.session import LimitShare, limits_of_a_share, session_for, share_count
from tasks.llm.shared_budget import SharedBudget
from tests.llm.engine_support import KEY, Watched, chat_request, options

TWO = Sharing(run="a-run", askers=2)
REQUEST = chat_request("x" * 350, system="", answer_tokens=100, pairs=5)


def shared(**given):
    return EngineOptions(llm_model="gpt-5-mini", sharing=TWO, **given)


@given(askers=st.integers(1, 40), concurrency=st.integers(1, 64), minute=st.floats(1, 1e6))
def test_all_shares_sum_to_no_more_than_the_limits(askers, concurrency, minute):
    whole = EngineOptions(
        llm_concurrency=concurrency,
        llm_requests_per_minute=minute,
        llm_tokens_per_minute=minute,
        sharing=Sharing(run="r", askers=askers),
    )
    part, count = limits_of_a_share(whole), share_count(whole)
    assert part.llm_concurrency >= 1 and count * part.llm_concurrency <= concurrency
    assert count <= askers and count * part.llm_concurrency > concurrency - count
    for rate in (part.llm_requests_per_minute, part.llm_tokens_per_minute):
        assert rate and rate * count == pytest.approx(minute)


def test_without_anybody_to_share_with_the_limits_are_whole():
    alone = EngineOptions(llm_concurrency=3, llm_requests_per_minute=9)
    assert limits_of_a_share(alone) == alone
    assert limits_of_a_share(shared()).llm_tokens_per_minute is None


def test_money_and_counts_are_not_parted():
    whole = shared(max_requests=9, max_tokens=99, max_cost=1)
    part = limits_of_a_share(whole)
    limits = "max_requests", "max_tokens", "max_cost"
    assert all(getattr(part, name) == getattr(whole, name) for name in limits)


def test_a_command_tells_its_own_questions_with_whom_they_share():
    plain = EngineOptions()
    assert shared_here(plain) == plain
    with sharing_here(TWO):
        assert shared_here(plain).sharing == TWO
        other = EngineOptions(sharing=Sharing(run="another", askers=1))
        assert shared_here(other) == other
    assert shared_here(plain) == plain


class Processes:
    """Engines that share a ledger, as those of several processes do."""

    def __init__(self, home: Path, stack: AsyncExitStack) -> None:
        self._home, self._stack = home, stack

    async def start(self, chosen: EngineOptions) -> Engine:
        ledger = await open_ledger(self._home, Secrets(palate_ledger_url=None))
        self._stack.push_async_callback(ledger.close)
        clock = Clock()
        budget, pacer = Budget(chosen), Pacer(chosen, clock)
        engine = Engine(chosen, ledger, None, pacer, budget, clock)  # type: ignore[arg-type]
        await engine.shared_budget.open()
        return engine


def side_by_side(home, work):
    """Run `work` with what starts engines."""

    async def run():
        async with AsyncExitStack() as stack, asyncio.timeout(20):
            await work(Processes(home, stack))

    asyncio.run(run())


def test_there_are_as_many_shares_as_askers_and_one_that_is_left_is_taken(tmp_path):
    async def work(processes):
        first, second, third = [LimitShare(await processes.start(shared())) for _ in range(3)]
        got = asyncio.Event()

        async def wait():
            async with third.held():
                got.set()

        async with first.held():
            async with second.held(), second.held():
                waiting = asyncio.create_task(wait())
                await asyncio.sleep(0.5)
                assert not got.is_set()
            await waiting

    side_by_side(tmp_path, work)


def test_a_share_is_kept_until_the_last_of_a_process_has_asked(tmp_path):
    async def work(processes):
        one = EngineOptions(llm_concurrency=1, sharing=TWO)
        mine, other = [LimitShare(await processes.start(one)) for _ in range(2)]
        async with mine.held():
            async with mine.held():
                pass
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3), other.held():
                    pass

    side_by_side(tmp_path, work)


def test_who_waits_for_a_share_can_be_stopped(tmp_path):
    async def work(processes):
        one = EngineOptions(llm_concurrency=1, sharing=TWO)
        first, second = [await processes.start(one) for _ in range(2)]

        async def wait():
            async with LimitShare(second).held():
                raise AssertionError("there is one request in flight at most: one share")

        async with LimitShare(first).held():
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0.1)
            second.stop()
            with pytest.raises(StoppedError):
                await waiting

    side_by_side(tmp_path, work)


@pytest.mark.parametrize(
    ("limits", "fit", "named"),
    [
        ({"max_requests": 7}, 7, "--max-requests"),
        ({"max_tokens": 1_000}, 5, "--max-tokens"),
        ({"max_cost": "0.001"}, 4, "--max-cost"),
    ],
)
def test_a_limit_holds_over_all_processes_together(tmp_path, limits, fit, named):
    async def work(processes):
        engines = [await processes.start(shared(**limits)) for _ in range(2)]

        async def as_many_as_may(engine):
            count = 0
            with pytest.raises(LimitReachedError, match=named):
                while True:
                    await engine.shared_budget.reserve(REQUEST)
                    count += 1
            return count

        counts = await asyncio.gather(*map(as_many_as_may, engines))
        assert sum(counts) == fit

    side_by_side(tmp_path, work)


def test_what_is_given_back_or_used_is_told_with_the_next_commit(tmp_path):
    async def work(processes):
        mine, other = [await processes.start(shared(max_tokens=400)) for _ in range(2)]
        held = [await mine.shared_budget.reserve(REQUEST) for _ in range(2)]
        with pytest.raises(LimitReachedError):
            await other.shared_budget.reserve(REQUEST)
        mine.budget.release(held[0], perhaps_billed=False)
        mine.budget.settle(held[1], 5, Usage(prompt=90, cached=10, answer=20))
        await mine.ledger.database.change(*mine.shared_budget.changes())
        assert mine.shared_budget.changes() == []
        again = await other.shared_budget.reserve(REQUEST)
        other.budget.release(again, perhaps_billed=True)
        await other.ledger.database.change(*other.shared_budget.changes())
        totals = await mine.shared_budget.totals()
        assert totals == await other.shared_budget.totals()
        assert (totals.sends, totals.requests, totals.pairs) == (3, 1, 5)
        assert (totals.prompt, totals.cached, totals.answer) == (90 + 200, 10, 20)
        assert totals.perhaps_billed == 1
        assert totals.nano_dollars == 80 * 250 + 10 * 25 + 20 * 2_000 + again.nano_dollars

    side_by_side(tmp_path, work)


def test_what_was_refused_counts_for_nobody(tmp_path):
    async def work(processes):
        mine, other = [await processes.start(shared(max_requests=1)) for _ in range(2)]
        held = await mine.shared_budget.reserve(REQUEST)
        for _ in range(2):
            with pytest.raises(LimitReachedError):
                await other.shared_budget.reserve(REQUEST)
        assert other.budget.totals.sends == 0
        mine.budget.settle(held, 5, Usage(prompt=1))
        await mine.ledger.database.change(
            *mine.shared_budget.changes(), *other.shared_budget.changes()
        )
        assert (await other.shared_budget.totals()).sends == 1

    side_by_side(tmp_path, work)


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("PALATE_LEDGER_URL", raising=False)
    yield
    close_sessions()


def test_a_session_sums_up_what_other_processes_used(fake: Watched, tmp_path, ending):
    plain = options(fake.url)
    with sharing_here(TWO):
        session = session_for(tmp_path, plain)

    async def elsewhere(engine):
        other = SharedBudget(engine.options, Budget(engine.options), engine.ledger.database)
        other.budget.totals.sends, other.budget.totals.prompt = 3, 40
        await engine.ledger.database.change(*other.changes())

    session.run(elsewhere)
    assert session.summary().startswith("3 requests, 40 tokens")


def test_the_end_of_one_command_leaves_the_sessions_of_others(fake: Watched, tmp_path, ending):
    other = Sharing(run="another", askers=1)
    mine, theirs = [options(fake.url, sharing=one) for one in (TWO, other)]
    first, second = session_for(tmp_path, mine), session_for(tmp_path, theirs)
    close_sessions(TWO)
    assert first.engine.stopped and not second.engine.stopped
    assert session_for(tmp_path, theirs) is second and session_for(tmp_path, mine) is not first
