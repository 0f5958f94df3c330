"""RecTools' sequential models on the windows of time that a night is judged on.

A model is fitted on the ratings before a moment, and its lists are judged by what people rated well
in the days after it; it may serve later windows too, where it reads what people rated until then.
How many epochs it gets is chosen on the window before the first: nothing of a judged window, and
nothing later, is seen by any fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, USER
from tasks.evaluation.splits.parts import Parts
from tasks.evaluation.splits.windows import Window
from tests.bench.given import SEED
from tests.bench.peers.foreign import environment, run_in
from tests.bench.peers.judging import TOP, judged, parted
from tests.bench.scale import say

PACKAGES = ("rectools[torch]", "pyarrow<20")
"""On Linux PyPI's torch is built for CUDA, several GB; UV_TORCH_BACKEND=cpu takes the small one."""
NAME = "rectools_sequence"
EPOCH, PLACE, WEIGHT, SERVED = "epoch", "rank", "weight", "window"
MOST_SECONDS = 4 * 3_600
"""Of one fit, on however busy a machine."""


@dataclass(frozen=True)
class Plan:
    """How a model is fitted: `kind` is "SASRec" or "eSASRec" (LiGR blocks, sampled softmax).

    `session`: how many of a person's newest ratings are read. `cpu_seconds`: of a processor, after
    which no epoch is begun; on a busy machine a clock on the wall would allow fewer. `unliked`:
    what a rating below `relevant_at` weighs as something to foretell; it is read as any other.
    `threads`: two that wait for each other on a busy machine take far longer than one.
    """

    kind: str = "SASRec"
    session: int = 50
    factors: int = 64
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.2
    lr: float = 0.001
    batch: int = 128
    unliked: float = 1.0
    epochs: int = 10
    cpu_seconds: float = 600.0
    threads: int = 1
    seed: int = SEED


class Peer:
    """RecTools in its environment, made once unless a `python` that has it is given.

    Its files lie in `folder`.
    """

    def __init__(self, folder: Path, python: Path | None = None) -> None:
        self.folder = folder
        self.python = python or environment(folder / "venv", PACKAGES)

    def lists(
        self, served: Sequence[Parts], relevant_at: float, plan: Plan, *, every_epoch: bool = False
    ) -> tuple[dict[str, Any], pl.DataFrame]:
        """What it says (seconds, version), and user, item, rank, epoch, window.

        It is fitted on the first of the windows, and reads the histories of each. The lists are of
        the last epoch, or of each, of the first window alone.
        """
        tables = asked(served, relevant_at, plan, every_epoch)
        return run_in(self.python, NAME, tables, self.folder / NAME, MOST_SECONDS)


def asked(
    served: Sequence[Parts], relevant_at: float, plan: Plan, every_epoch: bool
) -> Mapping[str, pl.DataFrame]:
    """The tables that the script reads: nothing of what is held out is in them.

    The rows come in a drawn order, which is what orders ratings of the same moment. By id they
    would rise within a month, and a model would learn that.
    """
    told = asdict(plan) | {"count": TOP, "every_epoch": every_epoch, "windows": len(served)}
    liked = pl.when(pl.col(RATING) >= relevant_at).then(1.0).otherwise(plan.unliked)
    tables = {"plan": pl.DataFrame([told])}
    for number, parts in enumerate(served):
        drawn = parts.train.sample(fraction=1.0, shuffle=True, seed=plan.seed)
        tables[f"train_{number}"] = drawn.select(USER, ITEM, TIMESTAMP, liked.alias(WEIGHT))
        tables[f"wanted_{number}"] = parts.users.to_frame(USER)
    return tables


def by_epoch(lists: pl.DataFrame, parts: Parts, relevant_at: float) -> dict[int, float]:
    """The NDCG of the lists of each epoch, in order."""
    return {
        int(epoch): judged(rows, PLACE, parts, relevant_at).ndcg
        for (epoch,), rows in sorted(lists.partition_by(EPOCH, as_dict=True).items())
    }


def best_epoch(found: Mapping[int, float]) -> int:
    """The epoch with the highest figure, the earliest of equals."""
    return max(found, key=lambda epoch: (found[epoch], -epoch))


def chosen_epochs(
    peer: Peer, ratings: pl.DataFrame, window: Window, relevant_at: float, plan: Plan
) -> dict[str, Any]:
    """The figures by epoch of a fit that ends before the window, and its seconds."""
    before = parted(ratings, window.earlier(1))
    chose, tried = peer.lists([before], relevant_at, plan, every_epoch=True)
    found = by_epoch(tried, before, relevant_at)
    say("on the window before, by epoch: " + ", ".join(f"{v:.4f}" for v in found.values()))
    return {
        "chosen_before": window.start,
        "choosing_seconds": round(chose["seconds"], 1),
        "earlier": {str(epoch): round(value, 5) for epoch, value in found.items()},
    }


def measured(
    peer: Peer,
    ratings: pl.DataFrame,
    windows: Sequence[Window],
    relevant_at: float,
    plan: Plan,
    chosen: Mapping[str, Any],
) -> list[tuple[dict[str, Any], pl.DataFrame]]:
    """What one fit before the first of the windows gives in each, and its value by person.

    It gets the epochs that were `chosen_epochs`. `seconds` are of the fit with all its lists.
    """
    epochs = best_epoch({int(epoch): value for epoch, value in chosen["earlier"].items()})
    final = replace(plan, epochs=epochs, cpu_seconds=float(MOST_SECONDS))
    served = [parted(ratings, window) for window in windows]
    told, lists = peer.lists(served, relevant_at, final)
    made = []
    for number, (window, parts) in enumerate(zip(windows, served, strict=True)):
        figures = judged(lists.filter(pl.col(SERVED) == number), PLACE, parts, relevant_at)
        found = {
            "start": window.start,
            "days": window.days,
            "kind": plan.kind,
            **figures.told(),
            "fitted_at": windows[0].start,
            "epochs": told["epochs"],
            "seconds": round(told["seconds"], 1),
            "cpu_seconds": round(told["cpu_seconds"], 1),
            **chosen,
            "version": told["version"],
            "torch": told["torch"],
            "plan": asdict(plan),
        }
        made.append((found, figures.values))
    return made
