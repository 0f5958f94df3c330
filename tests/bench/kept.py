"""Where measured figures are kept: JSON files beside the plots that are drawn from them.

Every name is relative to a root: the checkout, unless a test says otherwise.
"""

import json
from pathlib import Path
from typing import Any

from tasks.core.files import replacing

PAGE = Path("BENCHMARKS.md")
PLAN = Path("deployments", "SCALING.md")
BENCH_FILE = Path("results", "bench.json")
SCALE_FILE = Path("results", "scale.json")
SEQUENCE_FILE = Path("results", "sequence.json")


def kept(file: Path) -> dict[str, Any]:
    """What a file holds; nothing where it is not there yet."""
    if not file.is_file():
        return {}
    held: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return held


def keep(file: Path, held: dict[str, Any]) -> None:
    """Write a file, whole or not at all."""
    write_text(file, json.dumps(held, indent=1) + "\n")


def write_text(file: Path, text: str) -> None:
    """The same of any text."""
    with replacing(file) as private:
        private.write_text(text, encoding="utf-8")
