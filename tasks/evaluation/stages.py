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
    USER,
    VOTES,
    Artifact,
    ProtocolName,
    Record,
)
from tasks.evaluation.beyond import Catalogue, catalogue_of
from tasks.evaluation.cell import Measured
from tasks.evaluation.losing import losing_lists
from tasks.evaluation.measures import Yardstick
from tasks.evaluation.rating_error import rating_errors
from tasks.evaluation.splits.protocols import split
from tasks.evaluation.summary import compare, summarise, values_overall, values_per_user
from tasks.evaluation.telling import telling_lists
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


@stage("split", "2", "numpy", "polars", role="data")
def split_stage(
    home: Path,
    ratings: Artifact,
    protocol: ProtocolName,
    seed: int,
    keep: int,
    limit: int | None,
) -> Split:
    """Part the ratings; of the users to test a seeded sample of `limit`, if given."""
    parts = split(read_table(home, ratings), protocol, seed, keep)
    users, skipped = parts.users, dict(parts.skipped)
    if limit is not None and limit < users.len():
        chosen = np.random.default_rng(seed).choice(users.len(), limit, replace=False)
        skipped["users not in the sample"] = users.len() - limit
        users = users.gather(np.sort(chosen))
    fresh = parts.new_items
    return Split(
        train=write_table(home, "train", parts.train),
        train_users=parts.train[USER].n_unique(),
        held_out=write_table(home, "held_out", parts.held_out),
        users=write_table(home, "users", users.to_frame(USER)),
        new_items=None if fresh is None else write_table(home, "new_items", fresh.to_frame(ITEM)),
        skipped=skipped,
    )


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
    known = _catalogue(home, items, counts, split)
    yardstick = Yardstick(theirs(home, split.held_out, users), users, relevant_at, known)
    lists = theirs(home, ranked, users)
    return write_table(home, "per_user", values_per_user(lists, yardstick, count, ks))


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
        users, known = read_table(home, split.users)[USER], _catalogue(home, items, counts, split)
        errors = _errors(stored.load(home, model), held_out) if model else {}
        shown = pl.min_horizontal(RANK, BASE_RANK) <= max(ks)
        places = scan_table(home, ranked).filter(shown).select(USER, ITEM, RANK, BASE_RANK)
        yardstick = Yardstick(held_out.clear(), users, relevant_at, known)
        values = values_overall(places.collect(), yardstick, errors, ks)
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


@stage("find losers", "1", role="figures")
def losing_stage(
    home: Path, ranked: Artifact, measured: Measured, held_out: Artifact, items: Artifact, top: int
) -> Artifact:
    """Both lists of the users whose re-ranked list is worse."""
    lists = _shown(home, ranked, top)
    tables = (measured.per_user, held_out, items)
    values, held, catalogue = (read_table(home, table) for table in tables)
    return write_table(home, "losing", losing_lists(lists, values, held, catalogue, top))


@stage("find telling lists", "1", role="figures")
def telling_stage(
    home: Path, ranked: Artifact, measured: Measured, held_out: Artifact, items: Artifact, top: int
) -> Artifact:
    """Both lists of the users who gained and who lost most."""
    lists = _shown(home, ranked, top)
    tables = (measured.per_user, held_out, items)
    values, held, catalogue = (read_table(home, table) for table in tables)
    return write_table(home, "telling", telling_lists(lists, values, held, catalogue, top))


def _catalogue(home: Path, items: Artifact, counts: Artifact, split: Split) -> Catalogue:
    known, often = read_table(home, items), read_table(home, counts)
    return catalogue_of(known, often, split.train_users)


def _shown(home: Path, ranked: Artifact, top: int) -> pl.DataFrame:
    """What stands in the first `top` places of either list."""
    return scan_table(home, ranked).filter(pl.min_horizontal(RANK, BASE_RANK) <= top).collect()


def _errors(model: Model, held_out: pl.DataFrame) -> dict[str, float]:
    return rating_errors(pair_estimates(model, held_out), held_out[RATING].to_numpy())


def _of_list(home: Path, measured: dict[int, Measured], name: str) -> dict[int, pl.DataFrame]:
    frames = {seed: read_table(home, one.per_user) for seed, one in measured.items()}
    return {seed: frame.filter(list=name).drop("list") for seed, frame in frames.items()}
