"""What features are made from, and tables of them to learn from, as stages."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

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
from tasks.features.table import LABEL, feature_table
from tasks.models import stored
from tasks.texts.stages import VECTORS


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


@stage("make item facts", "1", "numpy")
def item_facts_stage(home: Path, ratings: Artifact, items: Artifact, closeness: bool) -> Artifact:
    """What all train ratings say of each item, and with `closeness` of pairs of items."""
    with bar("counting ratings"):
        made = item_facts(read_table(home, ratings), read_table(home, items), closeness=closeness)
        arrays: dict[str, np.ndarray] = {}
        for field in fields(made):
            value = getattr(made, field.name)
            if isinstance(value, csr_array):
                arrays |= {f"close_{n}": getattr(value, n) for n in ("data", "indices", "indptr")}
            elif value is not None:
                arrays[field.name] = np.asarray(value)
        return write_arrays(home, "item_facts", len(made.counts), arrays)


@chunk_stage("make features", "5", "numpy", "polars")
def labelled_features_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    pairs: Artifact,
    known: FeatureInputs,
    names: tuple[str, ...],
    held_out: Artifact,
    relevant_at: float | None,
) -> Artifact:
    """A row of features per pair of the users in these rows, which says whether it is a hit.

    Hits are the held-out items, or those of them rated `relevant_at` or more.
    """
    mine = rows_of(home, users, rows)[USER]
    with bar("making features"):
        table = features_of(home, mine, theirs(home, pairs, mine), known, names)
        hits = theirs(home, held_out, mine)
        if relevant_at is not None:
            hits = hits.filter(pl.col(RATING) >= relevant_at)
        return write_table(home, "features", _labelled(table, hits))


def features_of(
    home: Path, users: pl.Series, pairs: pl.DataFrame, known: FeatureInputs, names: Sequence[str]
) -> pl.DataFrame:
    """User, item, estimate, base rank and the named features of these users' pairs."""
    facts, positions = _facts(home, users, pairs, known)
    return feature_table(facts, positions, names)


def _facts(
    home: Path, users: pl.Series, pairs: pl.DataFrame, known: FeatureInputs
) -> tuple[Facts, Pairs]:
    asked = pairs.select(USER, ITEM, ESTIMATE, BASE_RANK)
    if known.scores is not None:
        scores = theirs(home, known.scores, users).select(USER, ITEM, SIMILARITY)
        asked = asked.join(scores, on=[USER, ITEM], how="left", maintain_order="left")
    vectors = read_arrays(home, known.vectors)[VECTORS] if known.vectors else _no_vectors()
    return facts_of(
        theirs(home, known.ratings, users),
        read_table(home, known.items),
        asked,
        _item_facts(read_arrays(home, known.item_facts)),
        vectors,
        {name: stored.load(home, model) for name, model in known.models.items()},
    )


def _no_vectors() -> np.ndarray:
    return np.zeros((0, 0), dtype=np.float32)


def _item_facts(arrays: Mapping[str, np.ndarray]) -> ItemFacts:
    counts = arrays["counts"]
    if "first" not in arrays:
        return ItemFacts(counts, arrays["above"])
    dated = arrays["first"], float(arrays["start"]), arrays["by_quarter"]
    if "close_data" not in arrays:
        return ItemFacts(counts, arrays["above"], *dated)
    parts = tuple(arrays[f"close_{name}"] for name in ("data", "indices", "indptr"))
    closeness = csr_array(parts, shape=(len(counts), len(counts)))
    return ItemFacts(counts, arrays["above"], *dated, closeness)


def _labelled(table: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    held = hits.select(USER, ITEM, pl.lit(True).alias(LABEL))
    known = table.join(held, on=[USER, ITEM], how="left", maintain_order="left")
    return known.with_columns(pl.col(LABEL).fill_null(False))
