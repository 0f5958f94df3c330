"""Item texts and scores as tasks; scores fan out over chunks of users."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_arrays, read_table, scan_table, write_arrays, write_table
from tasks.core.chunks import Rows, gather, rows_of, theirs
from tasks.core.stage import step
from tasks.core.vocabulary import (
    FAVOURITES,
    ITEM,
    SIMILARITY,
    TEXT,
    USER,
    Artifact,
    ScorerName,
)
from tasks.features.similarity.registry import scorer_named, text_vectors
from tasks.features.similarity.scorer import ScoringInputs, score_candidates
from tasks.llm.options import EngineOptions
from tasks.texts.item_texts import item_texts, needed_texts

VECTORS = "vectors"


@step("write item texts", "3")
def texts_task(home: Path, items: Artifact, tags: Artifact | None, ratings: Artifact) -> Artifact:
    """The text of every item; tags only of pairs in `ratings`, the train ratings."""
    tagged = read_table(home, tags) if tags else None
    texts = item_texts(read_table(home, items), tagged, read_table(home, ratings))
    return write_table(home, "texts", texts)


@step("choose texts", "1")
def needed_texts_task(
    home: Path, texts: Artifact, candidates: Artifact, profiles: Artifact
) -> Artifact:
    """The texts that are read to score these candidates."""
    wanted = scan_table(home, candidates).select(pl.col(ITEM).unique()).collect()
    people = scan_table(home, profiles).select(FAVOURITES).collect()
    return write_table(home, "texts", needed_texts(read_table(home, texts), wanted, people))


@step("embed item texts", "1", "numpy")
def embed_task(home: Path, texts: Artifact, embedder: str, rows: Rows) -> Artifact:
    """Unit vectors of these rows of the texts; `embedder` is the version of what makes them."""
    vectors = text_vectors(home, rows_of(home, texts, rows)[TEXT].to_list())
    return write_arrays(home, "vectors", len(vectors), {VECTORS: vectors})


@step("gather vectors", "1", "numpy")
def gather_vectors_task(home: Path, chunks: list[Artifact]) -> Artifact:
    """The vectors of all texts (I, 384) as one array."""
    vectors = np.concatenate([read_arrays(home, chunk)[VECTORS] for chunk in chunks])
    return write_arrays(home, "vectors", len(vectors), {VECTORS: vectors})


@step("score", "4")
def score_task(  # noqa: PLR0913 - each part of the question is a part of the cache key
    home: Path,
    scorer: ScorerName,
    scorer_version: str,
    options: EngineOptions,
    candidates: Artifact,
    profiles: Artifact,
    texts: Artifact,
    vectors: Artifact | None,
    scale: tuple[float, float],
    rows: Rows,
) -> Artifact:
    """Similarities for the candidates of the profiles in these rows; `vectors` of the texts."""
    people = rows_of(home, profiles, rows)
    asked = ScoringInputs(
        candidates=theirs(home, candidates, people[USER]),
        profiles=people,
        texts=read_table(home, texts),
        scale=scale,
        vectors=read_arrays(home, vectors)[VECTORS] if vectors else None,
    )
    made = score_candidates(scorer_named(scorer, home, options), asked)
    return write_table(home, "scores", made)


gather_scores_task = gather("scores", "scores")


@step("leave unscored", "1")
def unscored_task(home: Path, candidates: Artifact) -> Artifact:
    """The candidates without any similarity, for a night when nobody could be asked."""
    pairs = read_table(home, candidates).select(USER, ITEM)
    return write_table(
        home, "scores", pairs.with_columns(pl.lit(None, pl.Float64).alias(SIMILARITY))
    )
