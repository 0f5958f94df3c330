"""Progress on the terminal (stderr): a bar for what is counted, a line for each finished stage."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed
from rich.text import Text


class Advance(Protocol):
    """Moves a bar on by some steps; a note, if given, stands beside its name from then on."""

    def __call__(self, count: int, note: str = "") -> None:
        """Move on."""
        ...


TEMPORARY_SERVER = "PALATE_TEMPORARY_SERVER"
"""In the environment of a command whose Prefect server ends with it, and all that it shows."""

Count = Callable[[float], None]
Watch = Callable[[str, int | None], AbstractContextManager[Count]]
"""Given a bar's name and total: what else is told of each step."""

console = Console(stderr=True)
_shown: Progress | None = None
_tell: Callable[[str], object] | None = None
_watch: Watch | None = None
_phase = ""


def watch_with(watch: Watch) -> None:
    """Show every bar elsewhere too, from now on."""
    global _watch  # noqa: PLW0603 - one process, one place to show
    _watch = watch


@contextmanager
def showing() -> Iterator[None]:
    """Show the bars of everything that runs inside; without it, `bar` and `say` are silent."""
    global _shown  # noqa: PLW0603 - one terminal, one display, whichever thread reports
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, Elapsed(), console=console, transient=True) as _shown:
        try:
            yield
        finally:
            _shown = None


@contextmanager
def telling(tell: Callable[[str], object]) -> Iterator[None]:
    """Give the lines of everything that runs inside to a function, where nobody sees a terminal."""
    global _tell  # noqa: PLW0603 - as above
    _tell = tell
    try:
        yield
    finally:
        _tell = None


@contextmanager
def bar(what: str, total: int | None = None) -> Iterator[Advance]:
    """Give a function that advances the bar; with no total the bar only shows that work goes on."""
    if _watch is None:
        with _on_terminal(what, total) as advance:
            yield advance
        return
    with _watch(what, total) as count_too, _on_terminal(what, total) as advance:

        def both(count: int, note: str = "") -> None:
            advance(count, note)
            count_too(count)

        yield both


@contextmanager
def _on_terminal(what: str, total: int | None) -> Iterator[Advance]:
    display = _shown
    if display is None:
        yield lambda count, note="": None
        return
    task = display.add_task(what, total=total)

    def advance(count: int, note: str = "") -> None:
        display.update(task, advance=count, description=f"{what} {note}" if note else None)

    try:
        yield advance
    finally:
        display.remove_task(task)


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Name what runs inside; inside another phase it is a part of that."""
    global _phase  # noqa: PLW0603 - one process, one command
    outer, _phase = _phase, _phase or name
    try:
        yield
    finally:
        _phase = outer


def current_phase() -> str:
    """The phase that runs, "" outside of one."""
    return _phase


def note(line: str) -> None:
    """Tell one line of detail."""
    say(line)


def say(line: str) -> None:
    """Print one line above the bars, or tell it as plain text."""
    if _shown is not None:
        _shown.console.print(line, highlight=False)
    elif _tell is not None:
        _tell(Text.from_markup(line).plain.strip())
