"""Commands that ask in batches in processes of their own, which can be killed at any stage."""

import asyncio
import multiprocessing
import os
import signal
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

from openai.resources import AsyncBatches, AsyncFiles

from tasks.core.errors import PalateError
from tasks.llm import batch_files
from tasks.llm.asking import ask_scores
from tasks.llm.batch_api import Batches
from tasks.llm.item_asking import PersonItems
from tasks.llm.ledger.batches import BatchLedger
from tasks.llm.ledger.ledger import Ledger
from tasks.llm.open_sessions import asking
from tasks.llm.options import EngineOptions
from tasks.llm.session import session_for
from tests.llm.batch_commands import options_for, without_certificates
from tests.support.fake_llm.handle import FakeLLM


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
