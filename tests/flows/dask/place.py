"""Nights on a Dask cluster: real processes, and what can be seen of them."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from flows.service.server import free_port
from tasks.store.query import query
from tests.support.command import environment, start
from tests.support.fake_llm.handle import FakeLLM

ROOT = Path(__file__).parents[3]
MARK = "CLUSTER_OF_TEST"
KEY = "sk-a-key-for-tests-only"
SECONDS = 300


@dataclass
class Place:
    """A folder of homes; `told` is what every process of the test finds in its environment."""

    folder: Path
    data: Path
    variables: dict[str, str]
    fake: FakeLLM | None = None
    method: tuple[str, ...] = ("--reranker", "weighted", "--search-count", "20")

    def begin(self, home: str, runner: str, **extra: str) -> subprocess.Popen[str]:
        """Start a night."""
        words = [*self.method, "--refit", "1", "--no-report", "--verbose", "--data", self.data]
        if self.fake:
            words += ["--scorer", "llm", "--llm-model", "fake-1", "--llm-base-url", self.fake.url]
            words += ["--llm-ask", "numbers"]
        where = "--home", self.folder / home, "--runner", runner
        return start("nightly", *words, *where, **self.variables | extra)

    def night(self, home: str, runner: str, **extra: str) -> str:
        """What a night says that ends well."""
        return ended(self.begin(home, runner, **extra))

    def lists(self, home: str) -> pl.DataFrame:
        """Every published place of a home's last night."""
        rows = "SELECT * EXCLUDE (run_id, listed_in) FROM ranked_items ORDER BY user, rank, item"
        return query(self.folder / home, rows)

    def files(self, home: str, kind: str) -> set[str]:
        """The files of a kind, each named by its content."""
        return {file.name for file in (self.folder / home / "artifacts" / kind).iterdir()}

    def results(self, home: str, stage: str = "score") -> set[str]:
        """What is kept of a stage, named by its cache keys."""
        return {file.name for file in (self.folder / home / "results").glob(f"{stage}-*")}

    def processes(self) -> list[psutil.Process]:
        """Whatever of this test runs still."""
        return [p for p in psutil.process_iter() if _environment(p).get(MARK) == str(self.folder)]

    def until_kept(self, home: str, stage: str, process: subprocess.Popen[str]) -> None:
        """Wait until a night has kept a first result of a stage."""
        deadline = time.monotonic() + SECONDS
        while not self.results(home, stage):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.05)

    def until_asked(self, count: int, process: subprocess.Popen[str]) -> None:
        """Wait until a night has sent so many requests."""
        deadline = time.monotonic() + SECONDS
        while self.fake and len(self.fake.calls()) < count:
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.05)


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, (out, err)
    assert "nanobind: leaked" not in err, "printed at the end of a process, a page for each"
    return out + err


def environment_of(folder: Path, server: str, **extra: str) -> dict[str, str]:
    """What palate, scheduler and workers are told."""
    variables = {MARK: str(folder), "PYTHONPATH": str(ROOT), "PREFECT_API_URL": server}
    return variables | {"OPENAI_API_KEY": KEY, **extra}


@contextmanager
def scheduler(place: Place, workers: int = 2) -> Iterator[tuple[str, list[psutil.Process]]]:
    """A scheduler with workers that nobody starts anew; gives its address and their processes."""
    address = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        port = ["--port", address.rpartition(":")[2], "--host", "127.0.0.1"]
        stack.enter_context(_running(place, "scheduler", *port, "--no-dashboard"))
        alone = "--no-nanny", "--nthreads", "1", "--no-dashboard"
        started = [
            stack.enter_context(_running(place, "worker", f"tcp://{address}", *alone))
            for _ in range(workers)
        ]
        yield address, [psutil.Process(process.pid) for process in started]


@contextmanager
def _running(place: Place, role: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    place.folder.mkdir(exist_ok=True)
    with (place.folder / f"{role}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{role}", *words],
            cwd=place.folder,
            env=environment(**place.variables),
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _environment(process: psutil.Process) -> dict[str, Any]:
    with suppress(psutil.Error, OSError):
        return dict(process.environ()) if process.pid != os.getpid() else {}
    return {}
