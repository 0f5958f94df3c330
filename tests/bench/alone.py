"""One step in a fresh process: `python -m tests.bench.alone STEP FOLDER` prints what it cost.

FOLDER holds ratings.parquet and items.parquet. To add a step, write a function that reads them and
gives what to time, and how many of which unit; and name it in STEPS.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tasks.core.errors import PalateError
from tasks.core.vocabulary import TEXT
from tasks.models import registry
from tasks.models.base import Training
from tasks.models.options import ModelOptions
from tasks.texts.embedder import Embedder
from tasks.texts.embedding_store import EmbeddingStore
from tasks.texts.item_texts import item_texts
from tests.bench.stages import RATINGS, micro
from tests.bench.watched import CommandFailedError, python, run_watched

SCALE = (0.5, 5.0)

Work = tuple[Callable[[], object], int, str]


def measured_alone(step: str, folder: Path, log: Path) -> dict[str, Any]:
    """Run a step in a process of its own; says why where it cannot be done."""
    try:
        done = run_watched(python("tests.bench.alone", step, folder), os.environ, log)
    except CommandFailedError as error:
        return {"stage": step, "failed": str(error)}
    told: dict[str, Any] = json.loads(done.out)
    return told


def main() -> None:
    step, folder = sys.argv[1], Path(sys.argv[2])
    work, units, unit = STEPS[step](folder)
    before = _peak_mb()
    started = time.perf_counter()
    try:
        work()
    except PalateError as error:
        told: dict[str, Any] = {"stage": step, "refused": str(error)}
    else:
        seconds = time.perf_counter() - started
        cost = {"seconds": round(seconds, 4), "peak_mb": _peak_mb(), "read_peak_mb": before}
        each = {"unit": unit, "units": units, "us_per_unit": micro(seconds, units)}
        told = {"stage": step, **cost, **each}
    sys.stdout.write(json.dumps(told) + "\n")


def _fit(name: str) -> Callable[[Path], Work]:
    def prepared(folder: Path) -> Work:
        ratings = pl.read_parquet(folder / "ratings.parquet")
        options = ModelOptions().of(name)
        if name == "svdpp-fast":  # compiled, or read from its cache, before the clock starts
            registry.fit(name, Training(ratings.head(1000), SCALE, 0, options))

        def work() -> object:
            return registry.fit(name, Training(ratings, SCALE, 0, options))

        return work, ratings.height, RATINGS

    return prepared


def _embed(folder: Path) -> Work:
    items = pl.read_parquet(folder / "items.parquet")
    texts = item_texts(items, None, pl.read_parquet(folder / "ratings.parquet"))[TEXT].to_list()
    embedder = Embedder()
    list(embedder.embed(texts[:1]))  # the model is loaded before the clock starts

    def work() -> None:
        with TemporaryDirectory(prefix="palate-bench-") as home:
            EmbeddingStore(Path(home, "embeddings.sqlite"), embedder).vectors(texts)

    return work, len(set(texts)), "texts"


def _peak_mb() -> float:
    """The most memory that this process ever held, libraries included."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


STEPS: dict[str, Callable[[Path], Work]] = {
    "embed": _embed,
    **{name: _fit(name) for name in ("svd", "svdpp-fast", "ease", "als")},
}

if __name__ == "__main__":
    main()
