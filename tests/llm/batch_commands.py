"""Commands that ask in batches, in this process and with a clock that takes no time."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tasks.core.errors import PalateError
from tasks.core.secrets import Secrets
from tasks.llm.asking import ask_scores
from tasks.llm.budget import Budget, Totals
from tasks.llm.client import ChatClient
from tasks.llm.engine import Engine
from tasks.llm.item_asking import PersonItems
from tasks.llm.ledger.ledger import open_ledger
from tasks.llm.options import EngineOptions
from tasks.llm.pacing import Pacer
from tests.llm.batch_people import Scores
from tests.llm.batch_wire import Trouble, Wire
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm.handle import FakeLLM

PER_REQUEST = 4


def without_certificates(*_given: Any, **_named: Any) -> ssl.SSLContext:
    """For `ssl.create_default_context`: reading certificates is half of the time of a command."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def options_for(fake: FakeLLM, **more: Any) -> EngineOptions:
    known = {"llm_base_url": fake.url, "llm_model": "fake-1", "llm_items": PER_REQUEST}
    return EngineOptions.model_validate(known | {"in_batches": True, "llm_batch_poll": 0.02} | more)


@asynccontextmanager
async def engine_for(
    home: Path, fake: FakeLLM, *troubles: Trouble, wire: Wire | None = None, **options: Any
) -> AsyncIterator[Engine]:
    """An engine whose waiting takes no time."""
    chosen, secrets, clock = options_for(fake, **options), Secrets(), FakeClock()
    client = ChatClient(chosen, secrets)
    on_wire = wire or Wire(troubles)
    on_wire.clock = clock
    client.openai = client.openai.with_options(http_client=httpx2.AsyncClient(transport=on_wire))
    ledger = await open_ledger(home, secrets)
    try:
        yield Engine(chosen, ledger, client, Pacer(chosen, clock), Budget(chosen), clock)
    finally:
        await client.close()
        await ledger.close()


@dataclass
class Done:
    """How a command ended; `scores` or the error."""

    totals: Totals
    found: Scores | None = None
    error: PalateError | None = None

    @property
    def scores(self) -> Scores:
        if self.error is not None:
            raise self.error
        assert self.found is not None
        return self.found


def ask(
    home: Path,
    fake: FakeLLM,
    asked: Sequence[PersonItems],
    *troubles: Trouble,
    wire: Wire | None = None,
    seconds: float = 10.0,
    **options: Any,
) -> Done:
    """Ask for their scores as a command of its own would."""

    async def command() -> Done:
        async with engine_for(home, fake, *troubles, wire=wire, **options) as engine:
            done = Done(engine.budget.totals)
            try:
                async with asyncio.timeout(seconds):
                    done.found = await ask_scores(engine, asked, lambda _: None)
            except PalateError as error:
                done.error = error
            return done

    return asyncio.run(command())
