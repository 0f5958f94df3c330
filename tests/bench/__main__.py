"""Every step at the size of the paper's evaluation: `make bench`, or `python -m tests.bench DATA`.

Without DATA it is ml-latest-small where $PALATE_DATA_DIR has it, else the data set that ships.
"""

import json
import os
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench import page
from tests.bench.alone import measured_alone
from tests.bench.evaluation import asked_evaluation, measured_evaluation
from tests.bench.given import Given, read
from tests.bench.kept import BENCH_FILE, keep
from tests.bench.machine import machine
from tests.bench.scale import say
from tests.bench.watched import ROOT, python, run_watched, stopping_by_signal

DEFAULT, PREFERRED = "movielens", "ml-latest-small"
ONE_THREAD = {
    f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON")
} | {"POLARS_MAX_THREADS": "1"}


def main() -> None:
    parser = ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("data", nargs="?", metavar="DATA", help="a known data set, or a folder")
    data = parser.parse_args().data or _default()
    with stopping_by_signal(), TemporaryDirectory(prefix="palate-bench-") as folder:
        found = _measured(data, Path(folder))
    keep(ROOT / BENCH_FILE, found)
    page.write()
    say(f"{BENCH_FILE.name} and the page are written; {page.headline(found)}")


def _default() -> str:
    collected = os.environ.get("PALATE_DATA_DIR")
    there = collected and Path(collected, PREFERRED).is_dir()
    return PREFERRED if there else DEFAULT


def _measured(data: str, folder: Path) -> dict[str, Any]:
    given = read(data)
    say(f"{given.info.name}: the whole evaluation, cold and warm")
    evaluation = measured_evaluation(data, given, folder)
    say("embedding alone, then scoring by a language model's server")
    alone = [measured_alone("embed", _tables(given, folder), folder / "embed.log")]
    alone.append(asked_evaluation(data, given, folder))
    say("the published way, on some users")
    published = _printed("tests.bench.published", data, folder)
    say("peers, one thread each")
    peers = _printed("tests.bench.peers", data, folder, **ONE_THREAD)
    say("asking at a server's limit")
    asking = _printed("tests.bench.asking", "", folder)
    return {
        "measured_at_utc": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        "machine": machine(),
        "data": {
            "name": given.info.name,
            "ratings": given.ratings.height,
            "users": len(given.users),
            "items": int(given.svd.items.size),
        },
        "evaluation": evaluation,
        "alone": alone,
        "published": published,
        "peers": peers,
        "asking": asking,
    }


def _tables(given: Given, folder: Path) -> Path:
    tables = folder / "tables"
    tables.mkdir()
    given.ratings.write_parquet(tables / "ratings.parquet")
    given.items.write_parquet(tables / "items.parquet")
    return tables


def _printed(module: str, argument: str, folder: Path, **more: str) -> Any:
    """What a module prints, in a process of its own."""
    words = [argument] if argument else []
    log = folder / f"{module}.log"
    return json.loads(run_watched(python(module, *words), os.environ | more, log).out)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
