"""What the night's own measurement says of its lists: re-ranked against base, on held-out ratings.

The guard judges lists that were published, once ratings have arrived. Before any has, the figures
that a night measures on ratings it hides from itself are all there is.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from tasks.core.vocabulary import TargetName
from tasks.night.guard import METRIC, Verdict
from tasks.settings.night import NightOptions

SEGMENT = "held-out ratings"
"""What its verdicts are called among the guard's."""

LIKED = f"{METRIC} liked"


def judging_metric(target: TargetName | None) -> str:
    """What lists are held to: what the order is learned to find; None: nothing is learned."""
    return LIKED if target == "liked" else METRIC


def measured_verdicts(
    compared: pl.DataFrame,
    means: pl.DataFrame,
    top: int,
    metric: str,
    limits: NightOptions,
) -> list[Verdict]:
    """One by `metric` at `top` and, where that leaves out disliked ratings, one by all of them.

    `compared`: what `tasks.evaluation.summary.compare` says of re-ranked minus base; `means`
    (list, metric, k, mean). Only the first verdict decides.
    """
    found = []
    for name in dict.fromkeys((metric, METRIC)):
        rows = compared.filter(metric=name, k=top)
        if rows.height:
            own = means.filter(metric=name, k=top).select("list", "mean")
            found.append(_verdict(rows.row(0, named=True), dict(own.iter_rows()), limits))
    return found


def base_lists_are_better(verdicts: Sequence[Verdict]) -> bool:
    """Whether the measurement says that base lists are to be published for everybody."""
    return bool(verdicts) and verdicts[0].worse


def measured_note(verdicts: Sequence[Verdict], users: int, limits: NightOptions) -> str | None:
    """What a reader must know of lists that did worse when measured; None where none did."""
    worse = [one for one in verdicts if one.high is not None and one.high < -limits.guard_margin]
    if not worse:
        return None
    figures = "; ".join(
        f"{v.metric}@{v.k} {v.difference:+.4f} [{v.low:+.4f}, {v.high:+.4f}] over {v.users:,} users"
        for v in worse
    )
    did = f"On held-out ratings, re-ranked lists do worse than base lists ({figures})."
    if not limits.guard:
        return f"{did} The guard is off, so re-ranked lists are published."
    if base_lists_are_better(verdicts):
        return f"{did} Base lists are published for {users:,} users."
    if worse[0] is verdicts[0]:
        few = f"below --guard-users {limits.guard_users}"
        return f"{did} These are too few to go by, {few}, so re-ranked lists are published."
    return (
        f"{did} Re-ranked lists are published all the same: they are made to find what people rate"
        f" well, and by {verdicts[0].metric}@{verdicts[0].k} they do not do worse."
    )


def _verdict(row: dict[str, Any], means: dict[str, float], limits: NightOptions) -> Verdict:
    enough = row["users"] >= limits.guard_users
    worse = row["high"] < -limits.guard_margin
    return Verdict(
        segment=SEGMENT,
        users=row["users"],
        ratings=0,  # none arrived
        metric=row["metric"],
        k=row["k"],
        base=means.get("base"),
        reranked=means.get("reranked"),
        difference=row["difference"],
        low=row["low"],
        high=row["high"],
        verdict=("worse" if worse else "not worse") if enough else "insufficient",
    )
