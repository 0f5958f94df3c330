"""A whole command of `palate` in a fresh process: seconds and memory, in all and by stage."""

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from tasks.core.progress import TEMPORARY_SERVER
from tests.bench.watched import Watched, run_watched

PUBLISHED = re.compile(r"^\s*publish(?: evaluation)?: ([\d.]+) s", re.MULTILINE)
"""What the command says of its last stage, which cannot stand in the table that it publishes."""

DATA_DIR = "PALATE_DATA_DIR"


def run_palate(
    home: Path, *arguments: object, secrets: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run a command to its end; gives seconds, peak_mb, disk_mb, stages and what it published.

    A stage has stage, part, seconds, rows and peak_mb, which is None where it was not recorded.
    Raises CommandFailedError.
    """
    log = home.with_name(f"{home.name}.log")
    command = [sys.executable, "-m", "flows.cli.main", *map(str, arguments), "--home", str(home)]
    done = run_watched(command, _environment() | dict(secrets or {}), log)
    return _result(home, done, log.read_text(encoding="utf-8"))


def forget_results(home: Path) -> None:
    """Remove all that a home holds but the embeddings, so that every stage runs again."""
    for entry in home.iterdir():
        if entry.name.startswith("embeddings.sqlite"):
            continue
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _environment() -> dict[str, str]:
    """The environment without any setting but where data lies, with a Prefect server of its own."""
    mine = ("PALATE_", "PREFECT_", "OPENAI_", "TMDB_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name == DATA_DIR or not name.startswith(mine)
    }
    return kept | {"COLUMNS": "200", TEMPORARY_SERVER: "1"}


def _result(home: Path, done: Watched, told: str) -> dict[str, Any]:
    published = PUBLISHED.search(told)
    return {
        "seconds": round(done.seconds, 2),
        "peak_mb": done.peak_mb,
        "disk_mb": round(_size(home) / 2**20, 1),
        "publish_seconds": float(published[1]) if published else None,
        **_recorded(home),
    }


def _recorded(home: Path) -> dict[str, Any]:
    """The newest run of the results file: its seconds, and its stages in their order."""
    with duckdb.connect(str(home / "palate.duckdb"), read_only=True) as database:
        run_id, seconds = database.execute(
            "SELECT run_id, seconds FROM runs ORDER BY started_at_utc DESC LIMIT 1"
        ).fetchall()[0]
        found = database.execute("SELECT * FROM stages WHERE run_id = ? ORDER BY place", [run_id])
        names = [column[0] for column in found.description or []]
        stages = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {"flow_seconds": round(seconds, 2), "stages": [_stage(row) for row in stages]}


def _stage(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stage's cost; data is read before Prefect starts, so that the night finds it done."""
    took = "work_seconds" if row["stage"] == "ingest" else "seconds"
    return {
        "stage": row["stage"],
        "part": row["part"],
        "seconds": round(row[took], 4),
        "rows": row["rows"],
        "peak_mb": row.get("peak_mb"),
    }


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
