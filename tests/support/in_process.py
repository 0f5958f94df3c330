"""Flows in the tests' own process: nothing starts up, and what they call can be replaced."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOCAL_STORAGE_PATH,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from flows.cli.main import main
from tests.support.command import environment, succeeded

Done = CompletedProcess[str]


@contextmanager
def flows_in(home: Path, server: str) -> Iterator[None]:
    """Flows that run inside keep their results in `home`, as the commands do."""
    told = {
        PREFECT_API_URL: server,
        PREFECT_LOCAL_STORAGE_PATH: str(home.resolve() / "results"),
        PREFECT_LOGGING_TO_API_ENABLED: False,  # at the end the server is gone before the logs are
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # its thread is waited for, up to a second a flow
    }
    with temporary_settings(told):
        yield


class Terminal:
    """Runs `palate` on one home and one server, in this process.

    A process of its own costs seconds to load the libraries. What is about processes (signals,
    start-up, what lies in the environment) needs tests.support.command instead.
    """

    def __init__(self, home: Path, server: str) -> None:
        self.home, self.server = home, server

    def run(self, *arguments: object, **extra: str) -> Done:
        """What the command said and its exit code."""
        with flows_in(self.home, self.server):
            return run_here(*arguments, "--home", self.home, PREFECT_API_URL=self.server, **extra)

    def succeed(self, *arguments: object, **extra: str) -> Done:
        return succeeded(self.run(*arguments, **extra))


def run_here(*arguments: object, **extra: str) -> Done:
    """What `palate` says to these words, told the environment that a process would be told."""
    words = ["palate", *map(str, arguments)]
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True), io.StringIO()
    with (
        patch.dict(os.environ, environment(**extra), clear=True),
        patch.object(sys, "argv", words),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = _exit_code()
    out.seek(0)
    return Done(words, code, out.read(), err.getvalue())


def succeed_here(*arguments: object, **extra: str) -> Done:
    return succeeded(run_here(*arguments, **extra))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
