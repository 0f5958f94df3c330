"""Peers outside our lock, each in a throw-away environment: Parquet in, Parquet and JSON out."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

UV = Path(sys.executable).with_name("uv")
HERE = Path(__file__).parent
INSTALL_SECONDS, RUN_SECONDS = 900, 600


class PeerMissingError(Exception):
    """A peer cannot be had, or does not run; the text says why."""


def run(
    name: str, packages: Sequence[str], tables: Mapping[str, pl.DataFrame], folder: Path
) -> tuple[dict[str, Any], pl.DataFrame]:
    """What NAME_script.py says (seconds, version) and the lists that it made.

    It is run in an environment of its own. Raises PeerMissingError.
    """
    work = folder / name
    return run_in(environment(work / "venv", packages), name, tables, work)


def environment(venv: Path, packages: Sequence[str]) -> Path:
    """The Python of a new environment that holds the packages. Raises PeerMissingError."""
    if not UV.is_file():
        raise PeerMissingError(f"{UV.name} is not installed")
    _said([str(UV), "venv", "--quiet", "--python", sys.executable, str(venv)], INSTALL_SECONDS)
    python = venv / "bin" / "python"
    install = [str(UV), "pip", "install", "--quiet", "--python", str(python), *packages]
    _said(install, INSTALL_SECONDS)
    return python


def run_in(
    python: Path,
    name: str,
    tables: Mapping[str, pl.DataFrame],
    work: Path,
    seconds: int = RUN_SECONDS,
) -> tuple[dict[str, Any], pl.DataFrame]:
    """The same by a Python that is there already, within so many seconds.

    The script gets `work`, which holds the tables, and writes `lists.parquet` there. Raises
    PeerMissingError.
    """
    work.mkdir(parents=True, exist_ok=True)
    for table, frame in tables.items():
        frame.write_parquet(work / f"{table}.parquet")
    out = _said([str(python), str(HERE / f"{name}_script.py"), str(work)], seconds)
    if not out.strip():
        raise PeerMissingError(f"{name}_script.py ended before it had said anything")
    told: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return told, pl.read_parquet(work / "lists.parquet")


def _said(command: Sequence[str], seconds: int) -> str:
    kept = {name: v for name, v in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    try:
        done = subprocess.run(
            command, env=kept, capture_output=True, text=True, timeout=seconds, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerMissingError(f"{type(error).__name__} of {Path(command[0]).name}") from error
    if done.returncode:
        raise PeerMissingError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return done.stdout
