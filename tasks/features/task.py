"""Feature tables as a task."""

from pathlib import Path

import polars as pl

from tasks.artifacts import read_table, write_table
from tasks.features.facts import facts_of
from tasks.features.table import feature_table
from tasks.models import stored
from tasks.progress import bar
from tasks.reranking.learned import LABEL
from tasks.scoring.registry import text_vectors
from tasks.steps import step
from tasks.vocabulary import ITEM, TEXT, USER, Artifact


@step("make features", "1", "numpy", "polars")
def features_task(
    home: Path,
    pairs: Artifact,
    ratings: Artifact,
    items: Artifact,
    texts: Artifact,
    embedder: str,
    models: dict[str, Artifact],
    without: tuple[str, ...],
    held_out: Artifact | None,
) -> Artifact:
    """A row of features per pair, from `ratings` alone; `embedder` is its version.

    With `held_out` each row is labelled with whether its pair was held out, for learning.
    """
    with bar("making features"):
        catalogue, told = read_table(home, items), read_table(home, texts)
        shown = catalogue.select(ITEM).sort(ITEM).join(told, on=ITEM, maintain_order="left")
        vectors = text_vectors(home, shown[TEXT].to_list())
        fitted = {name: stored.load(home, model) for name, model in models.items()}
        train, asked = read_table(home, ratings), read_table(home, pairs)
        facts, positions = facts_of(train, catalogue, asked, vectors, fitted)
        table = feature_table(facts, positions, without)
        if held_out is not None:
            table = _labelled(table, read_table(home, held_out))
        return write_table(home, "features", table)


def _labelled(table: pl.DataFrame, held_out: pl.DataFrame) -> pl.DataFrame:
    held = held_out.select(USER, ITEM, pl.lit(True).alias(LABEL))
    known = table.join(held, on=[USER, ITEM], how="left", maintain_order="left")
    return known.with_columns(pl.col(LABEL).fill_null(False))
