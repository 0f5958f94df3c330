"""A sequential peer on windows of time: `make bench-sequence`, or as below.

    python -m tests.bench.sequence DATA --days 30 --starts 1601503200

Every window is kept in results/sequence.json when it is done; the page shows all that are there.
With the home of a replay of the same nights, its published lists stand beside.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from tasks.core.artifacts import read_table
from tasks.core.vocabulary import BASE_RANK, USER, DatasetInfo
from tasks.data.stages import ingest
from tasks.evaluation.significance import paired
from tasks.evaluation.splits.windows import Window
from tasks.models.base import Training
from tasks.models.baselines.popular_lately import PopularLately
from tasks.models.candidates import top_candidates
from tasks.store.query import query
from tests.bench import page
from tests.bench.given import SEED
from tests.bench.kept import SEQUENCE_FILE, keep, kept
from tests.bench.machine import machine
from tests.bench.peers.foreign import PeerMissingError
from tests.bench.peers.judging import NDCG, TOP, judged, parted, window_from
from tests.bench.peers.rectools_sequence import Peer, Plan, chosen_epochs, measured
from tests.bench.scale import say
from tests.bench.watched import ROOT

NIGHTS = f"""
    WITH newest AS (
        SELECT r.run_id FROM runs r JOIN cells c USING (run_id)
        WHERE r.flow = 'replay' AND c.dataset = $data ORDER BY r.started_at_utc DESC LIMIT 1
    )
    SELECT epoch(n.moment)::BIGINT AS start, u.user AS "{USER}", u.value AS "{NDCG}"
    FROM user_metrics u JOIN newest USING (run_id)
    JOIN replayed_nights n ON n.run_id = u.run_id AND n.night = u.seed
    WHERE u.cell = 0 AND u.list = 'reranked' AND u.metric = 'NDCG liked'
"""


def main(root: Path = ROOT) -> None:
    given = _arguments()
    with TemporaryDirectory(prefix="palate-bench-") as folder:
        info, ratings = _read(given.data, Path(folder))
        peer = Peer(Path(folder), given.python)
        asked = ("kind", "session", "epochs", "cpu_seconds", "unliked")
        plan = Plan(**{name: getattr(given, name) for name in asked})
        windows = [window_from(start, given.days) for start in given.starts]
        published = nights_of(given.home, info.name) if given.home else {}
        chosen = chosen_epochs(peer, ratings, windows[0], info.relevant_at, plan)
        values: dict[int, pl.DataFrame] = {}
        for first in range(0, len(windows), given.serves):
            some = windows[first : first + given.serves]
            say(f"{info.name}: {plan.kind} on the {given.days} days from {some[0].start}")
            for found, value in measured(peer, ratings, some, info.relevant_at, plan, chosen):
                start = found["start"]
                beside = popular(ratings, info, window_from(start, given.days), given.popular_days)
                if start in published:
                    values[start] = value
                    beside |= against(published, {start: value})
                add(root, info.name, found | beside)
    if values:
        add_together(root, info.name, {"kind": plan.kind, **against(published, values)})


def nights_of(home: Path, data: str) -> dict[int, pl.DataFrame]:
    """By the start of each night of the newest replay of the data: published lists by person.

    Raises ValueError where the home holds no such replay, StoreError without a results file.
    """
    table = query(home, NIGHTS, {"data": data})
    if table.is_empty():
        raise ValueError(f"{home}: there is no replay of {data} in it")
    people = table.with_columns(pl.col(USER).cast(pl.Int64))
    return {
        int(start): part.select(USER, NDCG)
        for (start,), part in people.partition_by("start", as_dict=True).items()
    }


def against(
    published: Mapping[int, pl.DataFrame], values: Mapping[int, pl.DataFrame]
) -> dict[str, Any]:
    """The published lists, and how much higher they are than a peer's, by person and window."""
    ours = {start: published[start] for start in values}
    (row,) = paired(ours, values, SEED).to_dicts()
    own = pl.concat(ours.values())[NDCG].mean()
    theirs = pl.concat(values.values())[NDCG].mean()
    figures = {"ndcg": theirs, "published": own} | {
        name: row[name] for name in ("difference", "low", "high")
    }
    rounded = {name: round(value, 5) for name, value in figures.items()}
    return rounded | {"windows": len(values), "people": row["users"]}


def add_together(root: Path, data: str, found: dict[str, Any]) -> None:
    """Keep what all windows of one call gave together, and write the page."""
    file = root / SEQUENCE_FILE
    held = kept(file)
    together = held.get("together", {}) | {f"{data}, {found['kind']}": {"data": data} | found}
    keep(file, held | {"together": together})
    page.write(root)


def add(root: Path, data: str, found: dict[str, Any]) -> None:
    """Keep what a window gave, in the place of what the same gave before, and write the page."""
    file = root / SEQUENCE_FILE
    one = f"{data}, {found['start']}, {found['days']}, {found['kind']}"
    about = {
        "data": data,
        "measured_at_utc": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        "machine": machine(),
    }
    held = kept(file)
    windows = held.get("windows", {}) | {one: about | found}
    keep(file, held | {"windows": dict(sorted(windows.items()))})
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
    parser.add_argument(
        "--serves", type=int, default=1, help="windows after each other that one fit serves"
    )
    parser.add_argument("--home", type=Path, help="one that holds a replay of these nights")
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
