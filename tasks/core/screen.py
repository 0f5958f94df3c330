"""The terminal while a command runs: lines, and below them one line that lives."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

console = Console(stderr=True)


class Advance(Protocol):
    """Moves a bar on by some steps; a note, if given, stands beside its name from then on."""

    def __call__(self, count: float, note: str = "") -> None:
        """Move on."""
        ...


class _TimeLeft(ProgressColumn):
    """How long the work will take where its total is known, else how long it has taken."""

    max_refresh = 0.5
    _elapsed = TimeElapsedColumn()

    def render(self, task: Task) -> Text:
        left = task.time_remaining if task.total else None
        if left is None:
            return self._elapsed.render(task)
        return Text(f"{int(left) // 60}:{int(left) % 60:02} left", style="progress.remaining")


class Screen:
    """Prints lines and shows how far work is.

    Of several bars at a time, such as those of chunks side by side, the live line shows the
    outermost that has a total; without any it shows the phase alone.
    """

    def __init__(self, display: Progress, *, verbose: bool) -> None:
        self.verbose = verbose
        self._display = display
        self._phase = ""
        self._phase_line = display.add_task("", total=None, visible=False)
        self._bars: dict[TaskID, str] = {}
        self._counted: set[TaskID] = set()
        self._lock = RLock()

    def print(self, line: str) -> None:
        """Print a line of Rich's markup above the live one."""
        self._display.console.print(line, highlight=False, soft_wrap=True)

    def set_phase(self, name: str) -> None:
        """Show that a phase runs from now on; "" that none does."""
        self._phase = name
        self._display.reset(self._phase_line)
        self._arrange()

    @contextmanager
    def bar(self, what: str, total: int | None) -> Iterator[Advance]:
        """Give a function that counts on the live line."""
        with self._lock:
            task = self._display.add_task("", total=total, visible=False)
            self._bars[task] = what
            if total:
                self._counted.add(task)
        self._arrange()

        def advance(count: float, note: str = "") -> None:
            with self._lock:
                if task not in self._bars:  # what is in flight may end after Ctrl-C took its bar
                    return
                self._display.update(task, advance=count)
            if note:
                self._bars[task] = f"{what} {note}"
                self._arrange()

        try:
            yield advance
        finally:
            with self._lock:
                del self._bars[task]
                self._counted.discard(task)
                self._display.remove_task(task)
            self._arrange()

    def _arrange(self) -> None:
        """Make one line visible, and write on it."""
        with self._lock:
            with_total = [task for task in self._bars if task in self._counted]
            shown = next(iter([*with_total, *self._bars]), self._phase_line)
            texts = [self._bars[shown], [*self._bars.values()][-1]] if self._bars else []
            text = ": ".join(filter(None, (self._phase, "; ".join(dict.fromkeys(texts)))))
            for task in (self._phase_line, *self._bars):
                self._display.update(task, visible=task == shown and bool(text))
            self._display.update(shown, description=text)


@contextmanager
def open_screen(*, verbose: bool) -> Iterator[Screen]:
    """A live line on the terminal, gone at the end; where nobody watches there are lines alone."""
    percent, left = (Column(no_wrap=True) for _ in range(2))
    what = Column(no_wrap=True, overflow="ellipsis")  # cut where the terminal ends
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=what),
        BarColumn(20),
        TaskProgressColumn(table_column=percent),
        _TimeLeft(table_column=left),
    )
    display = Progress(*columns, console=console, transient=True)
    # Where nobody watches, Rich would end with an empty line.
    with display if console.is_interactive else nullcontext():
        yield Screen(display, verbose=verbose)
