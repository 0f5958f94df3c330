"""Splitting, measuring and comparing as tasks."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_table, scan_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ITEM,
    QUALITY,
    RANK,
    RATING,
    TIMESTAMP,
    USER,
    VOTES,
    Artifact,
    ProtocolName,
    Record,
)
from tasks.evaluation.beyond import Catalogue, catalogue_of
from tasks.evaluation.cell import Measured
from tasks.evaluation.examples import list_examples
from tasks.evaluation.measures import GroundTruth
from tasks.evaluation.rating_error import rating_errors
from tasks.evaluation.splits.protocols import split
from tasks.evaluation.splits.times import Problem, problem_of_times
from tasks.evaluation.splits.windows import (
    Window,
    newest_windows,
    shrinking_windows,
    window_of,
)
from tasks.evaluation.summary import compare, summarise, values_overall, values_per_user
from tasks.models import stored
from tasks.models.base import Model
from tasks.models.candidates import pair_estimates


class Split(Record):
    """The two sides of a split, whom to test, and who could not be tested.

    `train_users`: how many have a train rating. `new_items`: items that lost every train rating,
    where the protocol is about them.
    """

    train: Artifact
    train_users: int
    held_out: Artifact
    users: Artifact
    new_items: Artifact | None
    skipped: dict[str, int]


@stage("split", "3", "numpy", "polars", role="data", counts_if_given={"given"})
def split_stage(
    home: Path,
    ratings: Artifact,
    protocol: ProtocolName,
    seed: int,
    keep: int,
    limit: int | None,
    window: Window | None,
    newcomers: bool = False,
    given: Artifact | None = None,
) -> Split:
    """Part the ratings; of the users to test a seeded sample of `limit`, if given.

    With `newcomers` those without a train rating are tested, too. `given`: what others held out.
    """
    held_out = read_table(home, given) if given else None
    parts = split(read_table(home, ratings), protocol, seed, keep, window, held_out)
    users, new_items, skipped = parts.users, parts.new_items, dict(parts.skipped)
    users = parts.held_out[USER].unique().sort() if newcomers else users
    if limit is not None and limit < users.len():
        chosen = np.random.default_rng(seed).choice(users.len(), limit, replace=False)
        skipped["users not in the sample"] = users.len() - limit
        users = users.gather(np.sort(chosen))
    return Split(
        train=write_table(home, "train", parts.train),
        train_users=parts.train[USER].n_unique(),
        held_out=write_table(home, "held_out", parts.held_out),
        users=write_table(home, "users", users.to_frame(USER)),
        new_items=(
            None if new_items is None else write_table(home, "new_items", new_items.to_frame(ITEM))
        ),
        skipped=skipped,
    )


@stage("find windows", "1", "polars", role="data")
def windows_stage(
    home: Path, ratings: Artifact, end: int | None, days: int | None, count: int, fewest: int
) -> tuple[Window, ...]:
    """The newest windows in which so many people could be tested; none without all timestamps."""
    table = read_table(home, ratings).select(USER, TIMESTAMP)
    if table[TIMESTAMP].null_count() or table.is_empty():
        return ()
    return newest_windows(table, window_of(table, end, days), count, fewest)


@stage("find shrinking windows", "1", "polars", role="data")
def shrinking_windows_stage(home: Path, ratings: Artifact) -> list[Window]:
    """Windows of the newest quarter of the ratings and less; none without all timestamps."""
    table = read_table(home, ratings).select(USER, TIMESTAMP)
    if table[TIMESTAMP].null_count() or table.is_empty():
        return []
    return list(shrinking_windows(table))


@stage("look at times", "1", role="figures")
def times_stage(home: Path, ratings: Artifact) -> Problem | None:
    """Why nobody can say which ratings came before others, and what to do; None where one can."""
    return problem_of_times(read_table(home, ratings))


@stage("hide what was collected later", "1")
def hide_external_stage(home: Path, items: Artifact) -> Artifact:
    """The catalogue without quality and votes."""
    table = read_table(home, items)
    hidden = [pl.lit(None, table.schema[name]).alias(name) for name in (QUALITY, VOTES)]
    return write_table(home, "items", table.with_columns(hidden))


@chunk_stage("measure", "3", "numpy", "polars", role="figures")
def measure_stage(
    home: Path,
    rows: Rows,
    ranked: Artifact,
    split: Split,
    items: Artifact,
    counts: Artifact,
    relevant_at: float,
    count: int,
    ks: tuple[int, ...],
) -> Artifact:
    """Every metric of the base and the re-ranked list of each test user in these rows."""
    users = rows_of(home, split.users, rows)[USER]
    catalogue = _catalogue(home, items, counts, split)
    truth = GroundTruth(theirs(home, split.held_out, users), users, relevant_at, catalogue)
    lists = theirs(home, ranked, users)
    return write_table(home, "per_user", values_per_user(lists, truth, count, ks))


@stage("measure all lists", "1", "numpy", "polars", role="figures")
def measure_lists_stage(
    home: Path,
    ranked: Artifact,
    split: Split,
    items: Artifact,
    counts: Artifact,
    model: Artifact | None,
    relevant_at: float,
    ks: tuple[int, ...],
) -> Artifact:
    """What is measured once for all lists together; rating errors of `model`, if given."""
    with bar("measuring"):
        held_out = read_table(home, split.held_out)
        users = read_table(home, split.users)[USER]
        errors = _errors(stored.load(home, model), held_out) if model else {}
        measured = pl.min_horizontal(RANK, BASE_RANK) <= max(ks)
        places = scan_table(home, ranked).filter(measured).select(USER, ITEM, RANK, BASE_RANK)
        catalogue = _catalogue(home, items, counts, split)
        truth = GroundTruth(held_out.clear(), users, relevant_at, catalogue)
        values = values_overall(places.collect(), truth, errors, ks)
        return write_table(home, "overall", values)


@stage("summarise", "1", "numpy", "polars", role="figures")
def summarise_stage(home: Path, measured: list[Measured], seed: int) -> Artifact:
    """Means over users and splits, with intervals; `seed` draws the bootstrap."""
    per_user = [read_table(home, one.per_user) for one in measured]
    overall = [read_table(home, one.overall) for one in measured]
    return write_table(home, "summaries", summarise(per_user, overall, seed))


@stage("compare", "1", "numpy", "polars", role="figures")
def compare_stage(
    home: Path,
    ours: dict[int, Measured],
    ours_list: str,
    theirs: dict[int, Measured],
    theirs_list: str,
    seed: int,
) -> Artifact:
    """Our list minus theirs, paired by user and split; `seed` draws bootstrap and test."""
    mine, others = _of_list(home, ours, ours_list), _of_list(home, theirs, theirs_list)
    return write_table(home, "comparisons", compare(mine, others, seed))


@stage("find examples", "1", role="figures")
def examples_stage(
    home: Path, ranked: Artifact, measured: Measured, held_out: Artifact, items: Artifact, top: int
) -> Artifact:
    """Both lists of the users whom re-ranking harmed, and of those whom it helped most."""
    values, held = read_table(home, measured.per_user), read_table(home, held_out)
    lists = scan_table(home, ranked)
    made = list_examples(lists, values, held, read_table(home, items), top)
    return write_table(home, "examples", made)


def _catalogue(home: Path, items: Artifact, counts: Artifact, split: Split) -> Catalogue:
    return catalogue_of(read_table(home, items), read_table(home, counts), split.train_users)


def _errors(model: Model, held_out: pl.DataFrame) -> dict[str, float]:
    return rating_errors(pair_estimates(model, held_out), held_out[RATING].to_numpy())


def _of_list(home: Path, measured: dict[int, Measured], name: str) -> dict[int, pl.DataFrame]:
    frames = {seed: read_table(home, one.per_user) for seed, one in measured.items()}
    return {seed: frame.filter(list=name).drop("list") for seed, frame in frames.items()}
