"""A command in a process of its own: how long it took, and the memory of its whole tree."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
EVERY_SECONDS = 0.1
GRACE_SECONDS = 10.0
TOLD_LINES = 5


class CommandFailedError(Exception):
    """A measured command ended with another code than 0; the text is the last that it said."""


@dataclass(frozen=True)
class Watched:
    """What a command cost, and what it wrote to its standard output."""

    seconds: float
    peak_mb: float
    out: str


def run_watched(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Watched:
    """Run a command of this checkout to its end; its standard error goes to `log`.

    The peak is of the resident memory of the process and all below it, added up and looked at ten
    times a second: pages that they share count more than once. Raises CommandFailedError. Whatever
    ends the wait, Ctrl-C or a failure, ends the whole tree.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    with log.open("w", encoding="utf-8") as told, _started(command, environment, told) as process:
        with _sampled(process.pid) as peaks:
            out, _ = process.communicate()
        seconds = time.perf_counter() - started
    if process.returncode:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-TOLD_LINES:]
        raise CommandFailedError(f"ended with {process.returncode}: {' '.join(last)}")
    return Watched(seconds, round(max(peaks) / 2**20, 1), out)


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of this checkout."""
    return [sys.executable, "-m", module, *map(str, arguments)]


@contextmanager
def stopping_by_signal() -> Iterator[None]:
    """SIGTERM stops as Ctrl-C does: what was started is ended first."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str], told: object
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=told,  # type: ignore[call-overload]
        text=True,
        start_new_session=True,  # Ctrl-C is for the bench, which ends the tree
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    tree = tree_of(process.pid)
    for one in tree:
        with suppress(psutil.NoSuchProcess):
            one.terminate()
    _, left = psutil.wait_procs(tree, timeout=GRACE_SECONDS)
    for one in left:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait()


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all below it; nothing where it is gone."""
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    return []


@contextmanager
def _sampled(pid: int) -> Iterator[list[int]]:
    """Bytes in memory, noted again and again until the block ends."""
    peaks, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(EVERY_SECONDS):
            peaks.append(sum(map(_resident, tree_of(pid))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0
