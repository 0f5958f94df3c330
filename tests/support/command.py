"""Running `palate` as a user does: a real process, its output as text."""

import os
import subprocess
import sys
from pathlib import Path

from tasks.core.progress import TEMPORARY_SERVER

SECONDS = 240
PLAIN = ("--method", Path(__file__).with_name("plain.toml"))
"""Of commands that are not about the default method, which learns for seconds."""

PALATE = [str(Path(sys.executable).with_name("palate"))]


def environment(**extra: str) -> dict[str, str]:
    """The environment without any PALATE_ setting, with a wide terminal.

    Nobody looks at what the tests' Prefect server would show.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PALATE_")}
    return kept | {"COLUMNS": "200", TEMPORARY_SERVER: "1"} | extra


def start(*arguments: object, **extra: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PALATE, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(**extra),
    )


def run(*arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
    process = start(*arguments, **extra)
    out, err = process.communicate(timeout=SECONDS)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def succeed(*arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
    return succeeded(run(*arguments, **extra))


def succeeded(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    """The same; raises with all it said if it failed, or left objects behind at its end."""
    if done.returncode or "nanobind: leaked" in done.stderr:
        raise RuntimeError(f"{done.args}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done
