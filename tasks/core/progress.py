"""What a command says of its work: phases, lines, bars, and a log file of all of it.

A night has about ten phases (`tasks.core.phases`). While one runs, a live line says what is done,
how far it is and how long it will take; when it ends, one line says how long it took and what came
of it. The lines of single stages stand in the log, and on the screen of those who ask for them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

from rich.markup import escape
from rich.text import Text

from tasks.core import phases
from tasks.core.screen import Advance, Screen, open_screen

TEMPORARY_SERVER = "PALATE_TEMPORARY_SERVER"
"""In the environment of a command whose Prefect server ends with it, and all that it shows."""

LOGS, LOGS_KEPT = "logs", 30
NAME_WIDTH = len(phases.ASK)
"""The longest name of a phase."""

Count = Callable[[float], None]
Watch = Callable[[str, int | None], AbstractContextManager[Count]]
"""Given a bar's name and total: what else counts its steps."""


@dataclass
class Log:
    """A file of lines with their times in UTC, made with its first line.

    A log that cannot be written stops no work.
    """

    path: Path
    is_named: bool = False

    def write(self, line: str) -> None:
        """Append one line of plain text."""
        with suppress(OSError):
            if not self.path.exists():
                self.path.parent.mkdir(parents=True, exist_ok=True)
                _remove_old_logs(self.path.parent)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")

    def rename(self, run_id: str) -> None:
        """Name the file for the first run of the command."""
        if self.is_named:
            return
        self.is_named, target = True, self.path.with_name(f"{run_id}.log")
        with suppress(OSError):
            if self.path.exists():
                self.path.replace(target)
        self.path = target


@dataclass
class _Phase:
    """The phase that runs: since when, what came of it, and how many stages it had."""

    name: str
    started: float = field(default_factory=time.monotonic)
    outcomes: list[str] = field(default_factory=list)
    stages: int = 0
    cached: int = 0

    def line(self, failure: str = "") -> str:
        """As in "Find candidates    12.3 s   201,300 pairs (4 of 9 stages cached)"."""
        seconds = f"{time.monotonic() - self.started:,.1f} s"
        cached = f"({self.cached} of {self.stages} stages cached)" if self.cached else ""
        outcome = " ".join(filter(None, (failure or ", ".join(self.outcomes), cached)))
        return f"{self.name:<{NAME_WIDTH}} {seconds:>9}   {outcome}".rstrip()


_screen: Screen | None = None
_write: Callable[[str], object] | None = None
_log: Log | None = None
_watch: Watch | None = None
_phase: _Phase | None = None
_least = 0.0
_quiet = False


def log_for(home: Path, run_id: str | None = None) -> Log:
    """The log of a command or run: home/logs/RUN.log; the first run of a command names it."""
    name = run_id or f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"
    return Log(home / LOGS / f"{name}.log", is_named=run_id is not None)


def name_log(run_id: str) -> None:
    """Name this command's log for its run, if it has no name yet."""
    if _log is not None:
        _log.rename(run_id)


def watch_with(watch: Watch) -> None:
    """Show every bar elsewhere too, from now on."""
    global _watch  # noqa: PLW0603 - one process, one place to show
    _watch = watch


@contextmanager
def screen(log: Log | None = None, *, verbose: bool = False, least: float = 0.0) -> Iterator[None]:
    """Show what runs inside on the terminal; `verbose`: the lines of single stages too.

    A phase of less than `least` seconds has no line.
    """
    global _screen, _log, _least
    with open_screen(verbose=verbose) as _screen:
        _log, _least = log, least
        try:
            yield
        finally:
            _screen, _log, _least = None, None, 0.0


@contextmanager
def lines_to(write: Callable[[str], object], log: Log | None = None) -> Iterator[None]:
    """Give all lines of what runs inside to a function, where nobody sees a terminal."""
    global _write, _log  # noqa: PLW0603 - as above
    _write, _log = write, log
    try:
        yield
    finally:
        _write = _log = None


@contextmanager
def phase(name: str) -> Iterator[None]:
    """A part of the command that has a line of its own; inside another it is part of that one."""
    global _phase  # noqa: PLW0603 - a command does one thing after the other
    if _phase is not None:
        yield
        return
    _phase = running = _Phase(name)
    if _screen:
        _screen.set_phase(name)
    try:
        yield
    except BaseException as error:
        what = "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__
        say(f"[red]{escape(running.line(f'not finished: {what}'))}[/]")
        raise
    else:
        tell = say if time.monotonic() - running.started >= _least else note
        tell(escape(running.line()))
    finally:
        _phase = None
        if _screen:
            _screen.set_phase("")


@contextmanager
def quietly() -> Iterator[None]:
    """Leave out what is said inside: what follows does the same again, from disk, and says it."""
    global _quiet  # noqa: PLW0603 - as above
    before, _quiet = _quiet, True
    try:
        yield
    finally:
        _quiet = before


def current_phase() -> str:
    """The phase that runs, "" outside of one."""
    return _phase.name if _phase else ""


def outcome(text: str) -> None:
    """Say on the line of the phase that runs what came of it, as in "201,300 pairs"."""
    if _phase:
        _phase.outcomes.append(text)


def count_stage(*, cached: bool) -> None:
    """Count a stage that ended, for the line of the phase that runs."""
    if _phase:
        _phase.stages += 1
        _phase.cached += cached


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Advance]:
    """Give a function that advances the bar; with no total the bar only shows that work goes on."""
    if _watch is None:
        with bar_on_screen(what, total) as advance:
            yield advance
        return
    with _watch(what, total) as count_too, bar_on_screen(what, total) as advance:

        def both(count: float, note: str = "") -> None:
            advance(count, note)
            count_too(count)

        yield both


@contextmanager
def bar_on_screen(what: str, total: int | None) -> Iterator[Advance]:
    """The same on the terminal alone."""
    if _screen is None:
        yield lambda count, note="": None
        return
    with _screen.bar(what, total) as advance:
        yield advance


def say(line: str) -> None:
    """Write a line of Rich's markup: on the screen, or wherever lines go, and into the log."""
    if _quiet:
        return
    if _screen is not None:
        _screen.print(line)
    _write_plain(line)


def note(line: str) -> None:
    """Write a line of detail: as `say` does, but on the screen only where it is verbose."""
    if _screen is not None and _screen.verbose:
        _screen.print(f"[dim]{line}[/]")
    _write_plain(line)


def _write_plain(line: str) -> None:
    plain = Text.from_markup(line).plain
    if _log is not None:
        _log.write(plain)
    if _write is not None:
        _write(plain.strip())


def _remove_old_logs(folder: Path) -> None:
    """Leave room for one more."""
    logs = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in logs[LOGS_KEPT - 1 :]:
        old.unlink(missing_ok=True)
