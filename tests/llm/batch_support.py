"""Commands that ask in batches, here or in a process to be killed, and what the server saw."""

import asyncio
import json
import multiprocessing
import os
import re
import signal
import sqlite3
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import httpx2
from openai.resources import AsyncBatches, AsyncFiles

from tasks.core.errors import PalateError
from tasks.core.secrets import Secrets
from tasks.llm import batch_files
from tasks.llm.asking import ask_scores
from tasks.llm.batch_api import Batches
from tasks.llm.budget import Budget, Totals
from tasks.llm.client import ChatClient
from tasks.llm.engine import Engine
from tasks.llm.item_asking import PersonItems
from tasks.llm.ledger.batches import BatchLedger
from tasks.llm.ledger.ledger import Ledger, open_ledger
from tasks.llm.open_sessions import asking
from tasks.llm.options import EngineOptions
from tasks.llm.pacing import Pacer
from tasks.llm.session import session_for
from tests.support.fake_clock import FakeClock
from tests.support.fake_llm.answers import score_of
from tests.support.fake_llm.call import Call
from tests.support.fake_llm.handle import FakeLLM
from tests.support.fake_llm.journal import NAME

PER_REQUEST = 4
UPLOAD = r"POST /v1/files$"
LIST = r"GET /v1/batches$"
CREATE = r"POST /v1/batches$"
RETRIEVE = r"GET /v1/batches/\w+"
CONTENT = r"GET /v1/files/.+/content$"

Scores = list[list[float | None]]
Pairs = Counter[tuple[str, str]]

# People


def person(name: str, items: int = 8) -> PersonItems:
    """Somebody to whom films are shown that nobody else is shown."""
    block = f"<person>\nIn their words: I am {name}.\n</person>"
    return PersonItems(block, [f"Film {n:02d} for {name}." for n in range(items)])


def people(*names: str, items: int = 8) -> list[PersonItems]:
    return [person(name, items) for name in names]


def right(asked: Sequence[PersonItems]) -> Scores:
    """The scores that a healthy model gives."""
    return [[score_of(line) for line in each.lines] for each in asked]


def once(asked: Sequence[PersonItems]) -> Pairs:
    """Every pair of theirs, once."""
    return Counter((each.block, line) for each in asked for line in each.lines)


# What the server saw


def forget(fake: FakeLLM) -> None:
    """Empty its log and its list of batches, which take longer to read with every test."""
    os.truncate(fake.folder / NAME, 0)  # it only ever appends
    for batch in (fake.folder / "batches").glob("*.json"):
        batch.unlink()


class Watch:
    """What the server did since this began to look."""

    def __init__(self, fake: FakeLLM) -> None:
        self._fake = fake
        self._calls, self._operations = len(fake.calls()), len(fake.operations())

    def calls(self) -> list[Call]:
        return self._fake.calls()[self._calls :]

    def operations(self) -> list[str]:
        return [name for name, _ in self._fake.operations()[self._operations :]]

    def created(self) -> list[str]:
        """Ids of the batches that were created."""
        done = self._fake.operations()[self._operations :]
        return [ids[0] for name, ids in done if name == "create"]

    def asked(self, calls: Sequence[Call] | None = None) -> Pairs:
        """How often each pair was put to the model."""
        shown: Pairs = Counter()
        for call in self.calls() if calls is None else calls:
            block = call.user.partition("\n<items")[0]
            shown.update((block, text) for text in call.items.values())
        return shown

    def asked_in(self, batch: str) -> Pairs:
        return self.asked([call for call in self.calls() if call.batch == batch])

    def file_of(self, batch: str) -> bytes:
        """A batch's input file."""
        known = {each["id"]: each["input_file_id"] for each in self._fake.batches()}
        return (self._fake.folder / "files" / f"{known[batch]}.content").read_bytes()

    def lines_of(self, batch: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file_of(batch).splitlines()]


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the ledger."""
    connection = sqlite3.connect(home / "ledger.sqlite", timeout=10)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def open_batches(home: Path) -> int:
    return len(rows(home, "SELECT id FROM batches WHERE finished_at IS NULL"))


def in_flight(home: Path) -> int:
    return len(rows(home, "SELECT id FROM requests WHERE outcome IS NULL"))


# Trouble on the wire

Forward = Callable[[], Awaitable[httpx2.Response]]
Act = Callable[[httpx2.Request, Forward], Awaitable[httpx2.Response]]


@dataclass
class Trouble:
    """What happens to requests to an endpoint: the first `times` after the first `after`."""

    where: str
    act: Act
    times: int | None = 1
    after: int = 0
    seen: int = 0

    def strikes(self, request: httpx2.Request) -> bool:
        if not re.match(self.where, f"{request.method} {request.url.path}"):
            return False
        self.seen += 1
        return self.seen > self.after and (
            self.times is None or self.seen <= self.after + self.times
        )


@dataclass
class Wire(httpx2.AsyncBaseTransport):
    """Goes to the server, except for what the first trouble that strikes makes of a request."""

    troubles: Sequence[Trouble] = ()
    clock: FakeClock | None = None
    sent: list[tuple[str, float]] = field(default_factory=list)
    """Each request, and when it was sent."""

    def __post_init__(self) -> None:
        self._real = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        now = self.clock.now() if self.clock else 0.0
        self.sent.append((f"{request.method} {request.url.path}", now))

        async def forward() -> httpx2.Response:
            return await self._real.handle_async_request(request)

        striking = (trouble for trouble in self.troubles if trouble.strikes(request))
        trouble = next(striking, None)  # those after it have not seen the request
        return await (trouble.act(request, forward) if trouble else forward())

    async def aclose(self) -> None:
        await self._real.aclose()

    def times_of(self, where: str) -> list[float]:
        return [at for what, at in self.sent if re.match(where, what)]


def status(code: int, error: str | None = None, **headers: str) -> Act:
    """An answer that is not the server's."""
    body = {"error": {"message": "Scripted.", "type": "scripted", "param": None, "code": error}}

    async def act(_request: httpx2.Request, _forward: Forward) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx2.Response(code, json=body, headers=named)

    return act


async def page(_request: httpx2.Request, _forward: Forward) -> httpx2.Response:
    """A web page, as from a proxy that wants a login."""
    return httpx2.Response(200, html="<!doctype html><html><body>Sign in</body></html>")


async def lost(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """The server did it, but its answer never arrives."""
    await (await forward()).aread()
    raise httpx2.ReadError("connection reset")


async def done_but_500(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """The server did it, and says that it failed."""
    await (await forward()).aread()
    return httpx2.Response(500, json={})


async def late(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
    """The server did it, and the client has stopped waiting."""
    await (await forward()).aread()
    raise httpx2.ReadTimeout("too late")


async def refused(_request: httpx2.Request, _forward: Forward) -> httpx2.Response:
    raise httpx2.ConnectError("connection refused")


def doing(something: Callable[[], object]) -> Act:
    """Something happens first."""

    async def act(_request: httpx2.Request, forward: Forward) -> httpx2.Response:
        something()
        return await forward()

    return act


# Commands in this process


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


# Commands in processes of their own


def _in_progress(made: Any) -> bool:
    return bool(made.status == "in_progress")


def _completed(made: Any) -> bool:
    return bool(made.status == "completed")


def _always(_made: Any) -> bool:
    return True


HALF_READ = "half read"
STAGES: dict[str, tuple[type, str, Callable[[Any], bool]]] = {
    "begun, not uploaded": (BatchLedger, "begin", _always),
    "uploaded, not noted": (AsyncFiles, "create", _always),
    "uploaded and noted": (BatchLedger, "has_file", _always),
    "created, not noted": (AsyncBatches, "create", _always),
    "created and noted": (BatchLedger, "is_made", _always),
    "polling": (AsyncBatches, "retrieve", _in_progress),
    "completed, not read": (AsyncBatches, "retrieve", _completed),
    "downloaded": (AsyncFiles, "content", _always),
    HALF_READ: (Ledger, "finish", _always),
    "read, not ended": (Batches, "_read", _always),
    "ended": (BatchLedger, "end", _always),
}
"""After which call a command can be killed, and with what result of it."""

TAKING_UP: dict[str, tuple[type, str, Callable[[Any], bool]]] = {
    "owner is gone": (BatchLedger, "_is_gone", bool),
    "not found": (Batches, "_find", lambda made: made is None),
}
"""The same of a command that finds the batch of one before it."""


def arm(stage: str, act: Callable[[], object]) -> None:
    """Let this process `act` when it first comes to a stage."""
    owner, name, wanted = (STAGES | TAKING_UP)[stage]
    real = getattr(owner, name)
    state = {"begun": 0, "ended": 0}

    async def struck(self: Any, *given: Any, **named: Any) -> Any:
        state["begun"] += 1
        if stage == HALF_READ and state["begun"] > 2:
            await asyncio.Event().wait()  # the others' commits never happen
        result = await real(self, *given, **named)
        state["ended"] += 1
        if wanted(result) and (stage != HALF_READ or state["ended"] == 2):
            setattr(owner, name, real)
            act()
        return result

    setattr(owner, name, struck)


_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


class Command:
    """A command in a process of its own. At a stage it dies by kill -9, or waits for `go_on`."""

    def __init__(
        self,
        home: Path,
        fake: FakeLLM,
        asked: Sequence[PersonItems],
        *,
        dies: str | None = None,
        pauses: str | None = None,
        most_lines: int | None = None,
        **more: Any,
    ) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        options = options_for(fake, **more)
        given = (theirs, home, options, list(asked), dies, pauses, most_lines)
        self._process = _processes.Process(target=_command, args=given, daemon=True)
        self._process.start()
        theirs.close()

    def hears(self, word: str, seconds: float = 20.0) -> None:
        """Wait until the process says so."""
        assert self._pipe.poll(seconds), f"the command never said {word}"
        said = self._pipe.recv()
        assert said == word, said

    def pauses_within(self, seconds: float) -> bool:
        return self._pipe.poll(seconds) and self._pipe.recv() == "paused"

    def go_on(self) -> None:
        with suppress(BrokenPipeError):  # it has ended
            self._pipe.send("go on")

    def result(self, seconds: float = 20.0) -> Any:
        """Scores, an error, or None from one that was killed."""
        try:
            assert self._pipe.poll(seconds), "the command does not end"
            said = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            said = None
        self._process.join(seconds)
        return said

    def interrupt(self) -> None:
        """Ctrl-C."""
        assert self._process.pid
        os.kill(self._process.pid, signal.SIGINT)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    @property
    def exit_code(self) -> int | None:
        return self._process.exitcode


@contextmanager
def command(*given: Any, **named: Any) -> Iterator[Command]:
    """A command that does not outlive the block."""
    process = Command(*given, **named)
    try:
        yield process
    finally:
        process.kill()


def killed(
    home: Path, fake: FakeLLM, asked: Sequence[PersonItems], stage: str, **more: Any
) -> None:
    """Run a command up to a stage, where it dies by its own kill -9."""
    with command(home, fake, asked, dies=stage, **more) as process:
        process.hears("begun")
        said = process.result()
        assert (said, process.exit_code) == (None, -signal.SIGKILL)


def _command(
    pipe: Connection,
    home: Path,
    options: EngineOptions,
    asked: Sequence[PersonItems],
    dies: str | None,
    pauses: str | None,
    most_lines: int | None,
) -> None:
    def die() -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("alive")

    def pause() -> None:
        pipe.send("paused")
        pipe.recv()

    os.environ.pop("PALATE_LEDGER_URL", None)
    ssl.create_default_context = without_certificates
    if dies:
        arm(dies, die)
    if pauses:
        arm(pauses, pause)
    if most_lines:
        batch_files.MOST_LINES = most_lines
    pipe.send("begun")
    said: object
    try:
        with asking():
            session = session_for(home, options)
            said = session.run(lambda engine: ask_scores(engine, asked, lambda _: None))
    except PalateError as error:
        said = error
    except KeyboardInterrupt:
        said = "interrupted"
    pipe.send(said)
