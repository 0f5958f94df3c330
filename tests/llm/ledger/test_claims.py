"""A claim has one holder, in one process or in many, and ends with it."""

import asyncio
from collections.abc import Callable

import pytest

from tasks.core.errors import LedgerError
from tasks.llm.ledger.ledger import Ledger
from tests.llm.ledger.conftest import SECONDS, Other, Place, tried
from tests.support.postgres import PASSWORD

pytestmark = pytest.mark.anyio
A_WHILE = 0.4
"""Long enough for somebody who waits to look several times."""


async def still_waits(other: Other) -> bool:
    return not await asyncio.to_thread(other.answers, A_WHILE)


async def test_within_a_process_a_claim_has_one_holder(ledger: Ledger) -> None:
    assert await ledger.claims.take("a person")
    assert not await ledger.claims.take("a person")
    assert await ledger.claims.take("another person")
    await ledger.claims.give_back("a person")
    assert await ledger.claims.take("a person")
    assert not await ledger.claims.take("another person")


async def test_of_many_who_ask_at_once_one_gets_the_claim(ledger: Ledger) -> None:
    taken = await asyncio.gather(*(ledger.claims.take("a person") for _ in range(20)))
    assert sum(taken) == 1


async def test_who_waits_gets_the_claim_when_it_is_given_back(ledger: Ledger) -> None:
    inside, most = 0, 0

    async def one_of_many() -> None:
        nonlocal inside, most
        await ledger.claims.wait_for("a person")
        inside += 1
        most = max(inside, most)
        await asyncio.sleep(0.01)
        inside -= 1
        await ledger.claims.give_back("a person")

    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(one_of_many() for _ in range(5)))
    assert (inside, most) == (0, 1)


async def test_who_stops_waiting_leaves_nothing_behind(ledger: Ledger) -> None:
    assert await ledger.claims.take("a person")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.25):
            await ledger.claims.wait_for("a person")
    await ledger.claims.give_back("a person")
    assert await ledger.claims.take("a person")


async def test_a_claim_of_another_ledger_in_this_process_is_respected(
    ledger: Ledger, place: Place
) -> None:
    async with place.opened() as second:
        assert await ledger.claims.take("a person")
        assert not await second.claims.take("a person")
        await ledger.claims.give_back("a person")
        assert await second.claims.take("a person")
        assert not await ledger.claims.take("a person")


async def test_closing_a_ledger_ends_its_own_claims_only(
    ledger: Ledger, place: Place, another: Callable[[], Other]
) -> None:
    other = another()
    await other.open(place)
    assert await ledger.claims.take("a person")
    async with place.opened() as second:
        assert await second.claims.take("another person")
        assert not await other.ask("take", "another person")
    assert await other.ask("take", "another person")
    assert not await other.ask("take", "a person")


@pytest.mark.parametrize("ends", ["give_back", "close", "kill"])
async def test_another_process_waits_until_the_holder_ends(
    place: Place, another: Callable[[], Other], ends: str
) -> None:
    holder, waiting = another(), another()
    await holder.open(place)
    await waiting.open(place)
    await holder.ask("wait_for", "a person")
    assert not await waiting.ask("take", "a person")
    assert await waiting.ask("take", "another person")
    waiting.tell("wait_for", "a person")
    assert await still_waits(waiting)
    if ends == "kill":
        holder.kill()
    else:
        await holder.ask(ends, *(["a person"] if ends == "give_back" else []))
    await waiting.hear()
    async with place.opened() as third:
        assert not await third.claims.take("a person")
        assert not await third.claims.take("another person")


async def test_a_killed_process_that_only_looked_takes_no_claim_with_it(
    ledger: Ledger, place: Place, another: Callable[[], Other]
) -> None:
    looking, later = another(), another()
    assert await ledger.claims.take("a person")
    await looking.open(place)
    assert not await looking.ask("take", "a person")
    looking.kill()
    await later.open(place)
    assert not await later.ask("take", "a person")


async def test_claims_take_no_space(in_file: Place) -> None:
    async with in_file.opened() as ledger:
        for number in range(50):
            assert await ledger.claims.take(f"person {number}")
        file = in_file.file.with_name(f"{in_file.file.name}.claims")
        assert file.stat().st_size == 0


async def test_a_file_for_claims_that_cannot_be_opened_is_named(in_file: Place) -> None:
    blocked = in_file.file.with_name(f"{in_file.file.name}.claims")
    blocked.mkdir(parents=True)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite"):
        await in_file.ledger().open()


async def test_a_lost_connection_loses_its_claims_and_says_so(in_postgres: Place) -> None:
    async with in_postgres.opened() as ledger, in_postgres.opened() as second:
        assert await ledger.claims.take("a person")
        mine = await in_postgres.seen(
            "SELECT DISTINCT pid FROM pg_locks WHERE locktype = 'advisory'"
            " GROUP BY pid HAVING count(*) = 2"
        )
        assert len(mine) == 1
        await in_postgres.seen(f"SELECT pg_terminate_backend({mine[0][0]})")
        for _ in range(2):  # a new connection would not have the claims of the old one
            error = await tried(ledger.claims.take("another person"))
            assert error and "claims" in error.what and PASSWORD not in str(error)
        async with asyncio.timeout(SECONDS):
            await second.claims.wait_for("a person")
