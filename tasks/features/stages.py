"""Feature tables as a task."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import ITEM, RATING, TEXT, USER, Artifact, Record
from tasks.features.facts import facts_of
from tasks.features.table import feature_table, with_similarity
from tasks.models import stored
from tasks.ranking.learned import LABEL
from tasks.texts.embedding_store import text_vectors


class Labels(Record):
    """What counts as a hit: the held-out items, or those rated `relevant_at` or more."""

    held_out: Artifact
    relevant_at: float | None


@stage("make features", "3", "numpy", "polars")
def features_stage(
    home: Path,
    pairs: Artifact,
    ratings: Artifact,
    items: Artifact,
    texts: Artifact,
    embedder: str,
    models: dict[str, Artifact],
    without: tuple[str, ...],
    labels: Labels | None,
) -> Artifact:
    """A row of features per pair, from `ratings` alone; `embedder` is its version.

    With `labels` each row says whether it is a hit, for learning.
    """
    with bar("making features"):
        catalogue, told = read_table(home, items), read_table(home, texts)
        shown = catalogue.select(ITEM).sort(ITEM).join(told, on=ITEM, maintain_order="left")
        vectors = text_vectors(home, shown[TEXT].to_list())
        fitted = {name: stored.load(home, model) for name, model in models.items()}
        train, asked = read_table(home, ratings), read_table(home, pairs)
        facts, positions = facts_of(train, catalogue, asked, vectors, fitted)
        table = feature_table(facts, positions, without)
        if labels is not None:
            hits = read_table(home, labels.held_out)
            if labels.relevant_at is not None:
                hits = hits.filter(pl.col(RATING) >= labels.relevant_at)
            table = _labelled(table, hits)
        return write_table(home, "features", table)


@stage("add similarities", "1", "numpy", "polars")
def similarities_stage(home: Path, table: Artifact, scores: Artifact) -> Artifact:
    """The features with the scorer's similarities among them."""
    told = with_similarity(read_table(home, table), read_table(home, scores))
    return write_table(home, "features", told)


def _labelled(table: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    held = hits.select(USER, ITEM, pl.lit(True).alias(LABEL))
    known = table.join(held, on=[USER, ITEM], how="left", maintain_order="left")
    return known.with_columns(pl.col(LABEL).fill_null(False))
