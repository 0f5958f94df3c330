"""Ledgers on both databases, looked at from outside, and used by other processes as well."""

import asyncio
import multiprocessing
import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from tasks.core.errors import LedgerError
from tasks.core.secrets import Secrets
from tasks.llm.ledger.database import FILE, Database, ledger_url
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.ledger.tables import requests
from tasks.llm.requests import ChatRequest
from tests.support.postgres import Postgres, postgres

JUDGE, MODEL = "fake-1 score-1 t0 title", "fake-1"
REQUEST = ChatRequest(
    kind="score",
    judge=JUDGE,
    pairs=2,
    context={"person": "p" * 32},
    system="Judge.",
    user="<person>",
    schema={"type": "object"},
    answer_tokens=100,
)
SECONDS = 20.0
"""Longer than anything takes here; shorter than somebody's patience."""

NOBODY = 65534

PROCESSES = multiprocessing.get_context("forkserver")
"""Every process is forked off one that has imported this module and done nothing else."""

PROCESSES.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Place:
    """Where a ledger is: a home and, for Postgres, what PALATE_LEDGER_URL says."""

    home: Path
    address: str | None = None
    server: Postgres | None = None

    @property
    def file(self) -> Path:
        return self.home / FILE

    def ledger(self, busy_seconds: float = 5.0) -> Ledger:
        """A ledger that is not open."""
        secret = None if self.address is None else SecretStr(self.address)
        url = ledger_url(self.home, Secrets(palate_ledger_url=secret))
        return Ledger(Database(url, busy_seconds))

    @asynccontextmanager
    async def opened(self, busy_seconds: float = 5.0) -> AsyncIterator[Ledger]:
        """An open ledger."""
        ledger = self.ledger(busy_seconds)
        await ledger.open()
        try:
            yield ledger
        finally:
            async with asyncio.timeout(SECONDS):
                await ledger.close()

    async def seen(self, statement: str) -> list[tuple[Any, ...]]:
        """What somebody else reads, through a connection that is not the ledger's."""
        if self.server is None or self.address is None:
            with closing(sqlite3.connect(self.file)) as connection:
                return connection.execute(statement).fetchall()
        database = self.address.partition("@/")[2].partition("?")[0]
        return await asyncio.to_thread(self.server.query, database, statement)

    async def ids(self) -> set[str]:
        """Of all requests that are committed."""
        return {row[0] for row in await self.seen("SELECT id FROM requests")}

    async def outcomes(self) -> dict[str, str | None]:
        """By request."""
        rows = await self.seen("SELECT id, outcome FROM requests")
        return {request_id: outcome for request_id, outcome in rows}


class Other:
    """Another process, with a ledger of its own when it is told to `open` one."""

    def __init__(self) -> None:
        self._here, there = PROCESSES.Pipe()
        self._process = PROCESSES.Process(target=serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def tell(self, command: str, *arguments: Any) -> None:
        """Start a command there."""
        self._here.send((command, arguments))

    async def hear(self) -> Any:
        """The result of the command that was started; an error of it is raised here."""
        if not await asyncio.to_thread(self.answers, SECONDS):
            raise TimeoutError("the other process does not answer")
        result, error = self._here.recv()
        if error is not None:
            raise error
        return result

    def answers(self, seconds: float) -> bool:
        """Whether the command that was started ends within this time."""
        return self._here.poll(seconds)

    async def ask(self, command: str, *arguments: Any) -> Any:
        """The result of a command there."""
        self.tell(command, *arguments)
        return await self.hear()

    async def open(self, place: Place, busy_seconds: float = 5.0) -> None:
        """Open the ledger of a place there."""
        await self.ask("open", place.home, place.address, busy_seconds)

    def kill(self) -> None:
        """As by kill -9."""
        self._process.kill()
        self._process.join(SECONDS)


def serve(told: Connection) -> None:
    """What the other process does: one command after another."""
    asyncio.run(_serve(told))


async def _serve(told: Connection) -> None:
    there = _Commands()
    while True:
        command, arguments = await asyncio.to_thread(told.recv)
        try:
            told.send((await getattr(there, command)(*arguments), None))
        except Exception as error:
            told.send((None, error))


class _Commands:
    ledger: Ledger

    async def ready(self) -> None:
        """It has started."""

    async def open(self, home: Path, address: str | None, busy_seconds: float) -> None:
        self.ledger = Place(home, address).ledger(busy_seconds)
        await self.ledger.open()

    async def close(self) -> None:
        await self.ledger.close()

    async def begin(self) -> str:
        return await self.ledger.begin(REQUEST, MODEL)

    async def begin_in_a_batch(self) -> str:
        row = self.ledger.request_row(REQUEST, MODEL) | {"batch_id": "b"}
        await self.ledger.database.change((insert(requests), row))
        return str(row["id"])

    async def begin_until_it_fails(self) -> tuple[list[str], str]:
        """Requests that were committed, and the error that ended them."""
        begun: list[str] = []
        try:
            while True:
                begun.append(await self.begin())
        except LedgerError as error:
            return begun, str(error)

    async def take(self, name: str) -> bool:
        return await self.ledger.claims.take(name)

    async def wait_for(self, name: str) -> None:
        await self.ledger.claims.wait_for(name)

    async def give_back(self, name: str) -> None:
        await self.ledger.claims.give_back(name)

    async def write_at_most(self, size: int) -> None:
        """No file may become larger, as on a disk that is full; takes no privileges."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def have_no_privileges(self) -> None:
        """Be somebody to whom file permissions apply."""
        if os.geteuid() == 0:
            os.setegid(NOBODY)
            os.seteuid(NOBODY)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A Postgres server, started when the first test wants it."""
    with postgres() as running:
        yield running


@pytest.fixture
def in_file(tmp_path: Path) -> Place:
    """A home without a ledger yet."""
    return Place(tmp_path / "home")


@pytest.fixture
def in_postgres(tmp_path: Path, server: Postgres) -> Place:
    """An empty database."""
    return Place(tmp_path / "home", server.address(server.new_database()), server)


@pytest.fixture(params=["in_file", "in_postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """Either of the two."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def ledger(place: Place) -> AsyncIterator[Ledger]:
    """An open ledger."""
    async with place.opened() as opened:
        yield opened


@pytest.fixture
def another() -> Iterator[Callable[[], Other]]:
    """Start other processes, which end with the test."""
    started: list[Other] = []

    def start() -> Other:
        started.append(Other())
        return started[-1]

    yield start
    for other in started:
        other.kill()


async def tried(work: Awaitable[Any]) -> LedgerError | None:
    """The LedgerError of something that was tried, if any."""
    try:
        await work
    except LedgerError as error:
        return error
    return None
