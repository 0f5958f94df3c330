"""Every peer in turn: `python -m tests.bench.peers DATA` prints what each took beside us."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.given import Given, read
from tests.bench.peers import (
    Compared,
    implicit_recommend,
    lenskit_batch,
    ranx_metrics,
    rectools_rerank,
    surprise_loop,
)
from tests.bench.peers.foreign import PeerMissingError


def main() -> None:
    given = read(sys.argv[1])
    with TemporaryDirectory(prefix="palate-bench-") as folder:
        peers: dict[str, Callable[[Given], Compared]] = {
            "Surprise": surprise_loop.compare,
            "implicit": implicit_recommend.compare,
            "LensKit": partial(lenskit_batch.compare, folder=Path(folder)),
            "RecTools": partial(rectools_rerank.compare, folder=Path(folder)),
            "ranx, from tables": ranx_metrics.from_tables,
            "ranx": ranx_metrics.compare,
        }
        told = [_told(name, compare, given) for name, compare in peers.items()]
    sys.stdout.write(json.dumps(told) + "\n")


def _told(name: str, compare: Callable[[Given], Compared], given: Given) -> dict[str, Any]:
    """A peer that cannot be had is named, with the reason, and stops no other."""
    sys.stderr.write(f"beside {name}\n")
    try:
        return compare(given).told()
    except (PeerMissingError, ImportError) as error:
        return {"peer": name, "missing": str(error)}


if __name__ == "__main__":
    main()
