"""What features are made from, and tables of them to learn from, as stages."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy.sparse import csr_array

from tasks.core.artifacts import read_arrays, read_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ESTIMATE,
    ITEM,
    RATING,
    SIMILARITY,
    USER,
    Artifact,
    Record,
)
from tasks.features.facts import Facts, ItemFacts, Pairs, facts_of
from tasks.features.item_facts import item_facts
from tasks.features.learning import drawn_users, trimmed
from tasks.features.table import LABEL, feature_table
from tasks.models import stored
from tasks.models.base import Model
from tasks.texts.stages import VECTORS

SPARSE = ("data", "indices", "indptr")
"""What a sparse matrix is stored as."""


class FeatureInputs(Record):
    """The files that features are made from; `ratings` are the train ratings.

    `vectors` of all items' texts, in the order of their sorted ids; None where no feature reads
    texts. `models`: those whose scores are features. `scores`: the scorer's, if a feature.
    """

    ratings: Artifact
    items: Artifact
    item_facts: Artifact
    vectors: Artifact | None
    models: dict[str, Artifact]
    scores: Artifact | None


@stage("make item facts", "5", "numpy", "scipy", counts_if_given={"share", "drawn"})
def item_facts_stage(
    home: Path,
    ratings: Artifact,
    items: Artifact,
    closeness: bool,
    nexts: bool = False,
    share: float | None = None,
    drawn: Artifact | None = None,
) -> Artifact:
    """What all train ratings say of each item, and with `closeness`, `nexts` of pairs of items.

    `share`: what part of all they are, where they are those of a sample of people. `drawn`: those
    of a sample, which say of pairs of items what they say.
    """
    with bar("counting ratings"):
        rated, known = read_table(home, ratings), read_table(home, items)
        made = item_facts(
            rated,
            known,
            closeness=closeness,
            nexts=nexts,
            share=share or 1.0,
            drawn=read_table(home, drawn) if drawn else None,
        )
        arrays: dict[str, np.ndarray] = {}
        for field in fields(made):
            value = getattr(made, field.name)
            if isinstance(value, csr_array):
                arrays |= {f"{field.name}_{part}": getattr(value, part) for part in SPARSE}
            elif value is not None:
                arrays[field.name] = np.asarray(value)
        return write_arrays(home, "item_facts", len(made.counts), arrays)


@chunk_stage("make features", "8", "numpy", "polars")
def labelled_features_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    pairs: Artifact,
    known: FeatureInputs,
    names: tuple[str, ...],
    held_out: Artifact,
    relevant_at: float | None,
    trim: int | None = None,
) -> Artifact:
    """A row of features per pair of the users in these rows, which says whether it is a hit.

    Hits are the held-out items, or those of them rated `relevant_at` or more. With the seed `trim`
    only the rows that suffice: see `trimmed`.
    """
    mine = rows_of(home, users, rows)[USER]
    with bar("making features"):
        table = features_of(home, mine, theirs(home, pairs, mine), known, names)
        hits = theirs(home, held_out, mine)
        if relevant_at is not None:
            hits = hits.filter(pl.col(RATING) >= relevant_at)
        labelled = _labelled(table, hits)
        if trim is not None:
            whole = drawn_users(read_table(home, users)[USER], trim)
            labelled = trimmed(labelled, whole, trim)
        return write_table(home, "features", labelled)


class ForEverybody(NamedTuple):
    """What of `FeatureInputs` is the same for all users, read once for many of them."""

    items: pl.DataFrame
    item_facts: ItemFacts
    vectors: np.ndarray
    models: dict[str, Model]


def for_everybody(home: Path, known: FeatureInputs) -> ForEverybody:
    """Read it."""
    return ForEverybody(
        read_table(home, known.items),
        _item_facts(read_arrays(home, known.item_facts)),
        read_arrays(home, known.vectors)[VECTORS] if known.vectors else _no_vectors(),
        {name: stored.load(home, model) for name, model in known.models.items()},
    )


def features_of(
    home: Path,
    users: pl.Series,
    pairs: pl.DataFrame,
    known: FeatureInputs,
    names: Sequence[str],
    shared: ForEverybody | None = None,
) -> pl.DataFrame:
    """User, item, estimate, base rank and the named features of these users' pairs.

    `shared`: what `for_everybody` read of `known`, where that was done before.
    """
    facts, positions = _facts(home, users, pairs, known, shared or for_everybody(home, known))
    return feature_table(facts, positions, names)


def _facts(
    home: Path,
    users: pl.Series,
    pairs: pl.DataFrame,
    known: FeatureInputs,
    shared: ForEverybody,
) -> tuple[Facts, Pairs]:
    asked = pairs.select(USER, ITEM, ESTIMATE, BASE_RANK)
    if known.scores is not None:
        scores = theirs(home, known.scores, users).select(USER, ITEM, SIMILARITY)
        asked = asked.join(scores, on=[USER, ITEM], how="left", maintain_order="left")
    own = theirs(home, known.ratings, users)
    items, facts, vectors, models = shared
    return facts_of(own, items, asked, facts, vectors, models)


def _no_vectors() -> np.ndarray:
    return np.zeros((0, 0), dtype=np.float32)


def _item_facts(arrays: Mapping[str, np.ndarray]) -> ItemFacts:
    size = len(arrays["counts"])
    made: dict[str, Any] = {}
    for field in fields(ItemFacts):
        if field.name in arrays:
            value = arrays[field.name]
            made[field.name] = value if value.ndim else float(value)
        elif f"{field.name}_{SPARSE[0]}" in arrays:
            parts = tuple(arrays[f"{field.name}_{part}"] for part in SPARSE)
            made[field.name] = csr_array(parts, shape=(size, size))
    return ItemFacts(**made)


def _labelled(table: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    held = hits.select(USER, ITEM, pl.lit(True).alias(LABEL))
    known = table.join(held, on=[USER, ITEM], how="left", maintain_order="left")
    return known.with_columns(pl.col(LABEL).fill_null(False))
