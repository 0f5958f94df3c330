"""Replaying nights as stages: when they are, who came after each, and what one cannot say."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, scan_table, write_table
from tasks.core.chunks import theirs
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, TIMESTAMP, USER, Artifact, Record
from tasks.evaluation.replay.calibration import reliability
from tasks.evaluation.replay.moments import Moments, moments_of
from tasks.evaluation.replay.since import NEW, REPEATED, of_new_items, repeated
from tasks.evaluation.splits.windows import Window
from tasks.evaluation.stages import Split
from tasks.evaluation.summary import LISTS


class Came(Record):
    """Who rated in the days after a night: people who were served, and newcomers, if any."""

    people: Split
    newcomers: Split | None


@stage("choose moments", "1", "polars", role="data")
def moments_stage(
    home: Path,
    ratings: Artifact,
    start: int | None,
    every: int | None,
    nights: int,
    horizon: int | None,
) -> Moments:
    """When the nights are; see `moments_of`."""
    return moments_of(read_table(home, ratings), start, every, nights, horizon)


@stage("part what came", "1", "polars", role="data")
def came_stage(
    home: Path, ratings: Artifact, known: Artifact, served: Artifact, window: Window
) -> Came:
    """The ratings of the window: of people who were `served`, and of whom nothing was `known`."""
    time = pl.col(TIMESTAMP)
    came = scan_table(home, ratings).filter((time >= window.start) & (time < window.end)).collect()
    before = scan_table(home, known).select(pl.col(USER).unique()).collect()
    people = came.join(read_table(home, served), on=USER, how="semi", maintain_order="left")
    strangers = came.join(before, on=USER, how="anti", maintain_order="left")
    unserved = came.height - people.height - strangers.height
    skipped = {"ratings of people who are not served": unserved} if unserved else {}
    return Came(
        people=_split(home, known, before.height, people, skipped),
        newcomers=_split(home, known, before.height, strangers, {}) if strangers.height else None,
    )


@stage("measure beside the night before", "1", "polars", role="figures")
def since_stage(
    home: Path,
    per_user: Artifact,
    places: Artifact,
    before: Artifact | None,
    known: Artifact,
    window: Window,
    top: int,
) -> Artifact:
    """The values of each user with what part of either list was there before, and what is new.

    `places` and those of the night `before` hold both lists; `known` are the night's ratings.
    """
    values = read_table(home, per_user)
    users = values[USER].unique().sort()
    now = theirs(home, places, users)
    then = theirs(home, before, users) if before else now.clear()
    rated = scan_table(home, known).select(ITEM, TIMESTAMP).collect()
    told = []
    for name, rank in LISTS.items():
        first = pl.col(rank) <= top
        mine, earlier = (table.filter(first).select(USER, ITEM) for table in (now, then))
        told.append(
            of_new_items(mine, rated, window)
            .join(repeated(mine, earlier), on=USER, how="left")
            .select(
                pl.lit(name).alias("list"),
                USER,
                pl.col(REPEATED).alias(f"{REPEATED}@{top}"),
                pl.col(NEW).alias(f"{NEW}@{top}"),
            )
        )
    joined = values.join(pl.concat(told), on=["list", USER], how="left", maintain_order="left")
    return write_table(home, "per_user", joined)


@stage("check probabilities", "1", "polars", role="figures")
def reliability_stage(
    home: Path, ranked: Artifact, split: Split, relevant_at: float | None
) -> Artifact:
    """What the scores of all candidates foretold, and what came; see `reliability`."""
    users = read_table(home, split.users)[USER]
    lists = theirs(home, ranked, users)
    held_out = theirs(home, split.held_out, users)
    return write_table(home, "reliability", reliability(lists, held_out, relevant_at))


def _split(
    home: Path, known: Artifact, people: int, held_out: pl.DataFrame, skipped: dict[str, int]
) -> Split:
    users = held_out.select(pl.col(USER).unique().sort())
    return Split(
        train=known,
        train_users=people,
        held_out=write_table(home, "held_out", held_out),
        users=write_table(home, "users", users),
        new_items=None,
        skipped=skipped,
    )
