"""A sequential peer on windows of time: `make bench-sequence`, or as below.

    python -m tests.bench.sequence DATA --days 30 --starts 1601503200

Every window is kept in results/sequence.json when it is done; the page shows all that are there.
"""

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tasks.core.artifacts import read_table
from tasks.core.vocabulary import BASE_RANK, DatasetInfo
from tasks.data.stages import ingest
from tasks.evaluation.splits.windows import Window
from tasks.models.base import Training
from tasks.models.baselines.popular_lately import PopularLately
from tasks.models.candidates import top_candidates
from tests.bench import page
from tests.bench.given import SEED
from tests.bench.kept import SEQUENCE_FILE, keep, kept
from tests.bench.machine import machine
from tests.bench.peers.foreign import PeerMissingError
from tests.bench.peers.judging import TOP, judged, parted, window_from
from tests.bench.peers.rectools_sequence import Peer, Plan, measured
from tests.bench.scale import say
from tests.bench.watched import ROOT


def main(root: Path = ROOT) -> None:
    given = _arguments()
    with TemporaryDirectory(prefix="palate-bench-") as folder:
        info, ratings = _read(given.data, Path(folder))
        peer = Peer(Path(folder), given.python)
        chosen = ("kind", "session", "epochs", "cpu_seconds", "unliked")
        plan = Plan(**{name: getattr(given, name) for name in chosen})
        for start in given.starts:
            say(f"{info.name}: {plan.kind} on the {given.days} days from {start}")
            window = window_from(start, given.days)
            found = measured(peer, ratings, window, info.relevant_at, plan)
            beside = popular(ratings, info, window, given.popular_days)
            add(root, info.name, found | beside)


def add(root: Path, data: str, found: dict[str, Any]) -> None:
    """Keep what a window gave, in the place of what the same gave before, and write the page."""
    file = root / SEQUENCE_FILE
    one = f"{data}, {found['start']}, {found['days']}, {found['kind']}"
    about = {
        "data": data,
        "measured_at_utc": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        "machine": machine(),
    }
    held = kept(file).get("windows", {})
    keep(file, {"windows": dict(sorted((held | {one: about | found}).items()))})
    page.write(root)


def popular(
    ratings: pl.DataFrame, info: DatasetInfo, window: Window, days: int
) -> dict[str, float]:
    """The same figure of what was rated most often in so many days before the window."""
    parts = parted(ratings, window)
    model = PopularLately.fit(Training(parts.train, info.scale, SEED, {"days": days}))
    lists = top_candidates(model, parts.train, parts.users, TOP, SEED)
    value = judged(lists, BASE_RANK, parts, info.relevant_at).ndcg
    return {"popular": round(value, 5), "popular_days": days}


def _read(data: str, folder: Path) -> tuple[DatasetInfo, pl.DataFrame]:
    dataset = ingest(folder, data)
    return dataset.info, read_table(folder, dataset.ratings)


def _arguments() -> Namespace:
    usual = Plan()
    parser = ArgumentParser("python -m tests.bench.sequence", description=__doc__)
    parser.add_argument("data", metavar="DATA", help="a known data set, or a folder")
    parser.add_argument("--days", type=int, required=True, help="length of a window")
    parser.add_argument("--starts", type=int, nargs="+", required=True, help="seconds since 1970")
    parser.add_argument("--popular-days", type=int, default=90, help="of the most popular lately")
    parser.add_argument("--kind", choices=("SASRec", "eSASRec"), default=usual.kind)
    parser.add_argument("--session", type=int, default=usual.session, help="ratings that are read")
    parser.add_argument("--epochs", type=int, default=usual.epochs, help="at most")
    parser.add_argument(
        "--cpu-seconds", type=float, default=usual.cpu_seconds, help="no epoch is begun later"
    )
    parser.add_argument("--unliked", type=float, default=usual.unliked, help="their weight")
    parser.add_argument("--python", type=Path, help="one that has rectools[torch] already")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except PeerMissingError as error:
        say(f"RecTools could not be had: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
