"""Flows in the tests' own process: nothing starts up, and what they call can be replaced."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_LOCAL_STORAGE_PATH,
    temporary_settings,
)

from flows.cli import main
from tests.support.command import environment, succeeded


@contextmanager
def flows_in(home: Path, server: str) -> Iterator[None]:
    """Flows that run inside keep their results in `home`, as the commands do."""
    results = str(home.resolve() / "results")
    with temporary_settings({PREFECT_API_URL: server, PREFECT_LOCAL_STORAGE_PATH: results}):
        yield


class Terminal:
    """Runs `palate` on one home in this process: same words, exit code and output.

    A process costs seconds to load the libraries. What is about processes (signals, start-up,
    what lies in the environment) needs tests.support.command instead.
    """

    def __init__(self, home: Path, server: str) -> None:
        self.home, self.server = home, server

    def run(self, verb: str, *arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
        """What the command left and said; nothing of this process' settings reaches it."""
        words = ["palate", verb, *map(str, arguments), "--home", str(self.home)]
        told = environment(PREFECT_API_URL=self.server, **extra)
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, told, clear=True),
            patch.object(sys, "argv", words),
            flows_in(self.home, self.server),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = _exit_code()
        return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

    def succeed(
        self, verb: str, *arguments: object, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        return succeeded(self.run(verb, *arguments, **extra))


def _exit_code() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
