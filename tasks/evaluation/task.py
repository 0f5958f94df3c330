"""Splitting and measuring as tasks."""

from pathlib import Path

import polars as pl

from tasks.artifacts import read_table, write_table
from tasks.evaluation.metrics import list_metrics
from tasks.evaluation.splits import leave_one_out
from tasks.steps import step
from tasks.vocabulary import BASE_RANK, RANK, USER, Artifact, Record

LISTS = {"base": BASE_RANK, "reranked": RANK}


class Split(Record):
    """The two sides of a split, and the users that have something held out."""

    train: Artifact
    held_out: Artifact
    users: Artifact


@step("hold out", "1", "numpy")
def hold_out_task(home: Path, ratings: Artifact, users: Artifact, seed: int) -> Split:
    """Hold out one rating of each user."""
    served = read_table(home, users)[USER]
    train, held_out = leave_one_out(read_table(home, ratings), served, seed)
    return Split(
        train=write_table(home, "train", train),
        held_out=write_table(home, "held_out", held_out),
        users=write_table(home, "users", held_out.select(USER)),
    )


@step("measure", "1")
def measure_task(home: Path, ranked: Artifact, held_out: Artifact, seed: int) -> Artifact:
    """Metrics of the base and the re-ranked lists."""
    lists, held = read_table(home, ranked), read_table(home, held_out)
    measured = [
        list_metrics(lists, held, rank).select(pl.lit(name).alias("list"), pl.all())
        for name, rank in LISTS.items()
    ]
    said = pl.concat(measured).select(
        pl.lit("leave-one-out").alias("protocol"), pl.lit(seed).alias("seed"), pl.all()
    )
    return write_table(home, "metrics", said)
