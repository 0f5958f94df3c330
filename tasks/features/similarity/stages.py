"""Item texts and scores as tasks; scores fan out over chunks of users."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_arrays, read_table, scan_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    DISLIKED,
    FAVOURITES,
    ITEM,
    SIMILARITY,
    TEXT,
    USER,
    Artifact,
    ScorerName,
)
from tasks.features.similarity.calibration import calibrated, choose_anchors
from tasks.features.similarity.chunk import score_candidates
from tasks.features.similarity.registry import scorer_named
from tasks.features.similarity.scorer import Asked
from tasks.llm.options import EngineOptions
from tasks.texts.embedding_store import text_vectors
from tasks.texts.item_texts import item_texts, needed_texts

VECTORS = "vectors"


@stage("write item texts", "3")
def texts_stage(home: Path, items: Artifact, tags: Artifact | None, ratings: Artifact) -> Artifact:
    """The text of every item; tags only of pairs in `ratings`, the train ratings."""
    tagged = read_table(home, tags) if tags else None
    texts = item_texts(read_table(home, items), tagged, read_table(home, ratings))
    return write_table(home, "texts", texts)


@stage("choose texts", "1")
def needed_texts_stage(
    home: Path, texts: Artifact, candidates: Artifact, profiles: Artifact
) -> Artifact:
    """The texts that are read to score these candidates."""
    wanted = scan_table(home, candidates).select(pl.col(ITEM).unique()).collect()
    people = scan_table(home, profiles).select(FAVOURITES, DISLIKED).collect()
    return write_table(home, "texts", needed_texts(read_table(home, texts), wanted, people))


@chunk_stage("embed item texts", "1", "numpy")
def embed_stage(home: Path, rows: Rows, texts: Artifact, embedder: str) -> Artifact:
    """Unit vectors of these rows of the texts; `embedder` is the version of what makes them."""
    vectors = text_vectors(home, rows_of(home, texts, rows)[TEXT].to_list())
    return write_arrays(home, "vectors", len(vectors), {VECTORS: vectors})


@stage("gather vectors", "1", "numpy")
def gather_vectors_stage(home: Path, chunks: list[Artifact]) -> Artifact:
    """The vectors of all texts (I, 384) as one array."""
    vectors = np.concatenate([read_arrays(home, chunk)[VECTORS] for chunk in chunks])
    return write_arrays(home, "vectors", len(vectors), {VECTORS: vectors})


@chunk_stage("score", "4")
def score_stage(  # noqa: PLR0913 - each part of the question is a part of the cache key
    home: Path,
    rows: Rows,
    scorer: ScorerName,
    scorer_version: str,
    options: EngineOptions,
    candidates: Artifact,
    profiles: Artifact,
    texts: Artifact,
    vectors: Artifact | None,
    scale: tuple[float, float],
) -> Artifact:
    """Similarities for the candidates of the profiles in these rows; `vectors` of the texts."""
    people = rows_of(home, profiles, rows)
    asked = Asked(
        candidates=theirs(home, candidates, people[USER]),
        profiles=people,
        texts=read_table(home, texts),
        scale=scale,
        vectors=read_arrays(home, vectors)[VECTORS] if vectors else None,
    )
    made = score_candidates(scorer_named(scorer, home, options), asked)
    return write_table(home, "scores", made)


@stage("choose anchors", "1")
def anchors_stage(home: Path, profiles: Artifact, ratings: Artifact) -> Artifact:
    """Items that each person has rated in train, for the scorer to judge too."""
    chosen = choose_anchors(read_table(home, profiles), read_table(home, ratings))
    return write_table(home, "anchors", chosen)


@stage("calibrate", "1")
def calibrate_stage(
    home: Path,
    scores: Artifact,
    judged: Artifact,
    anchors: Artifact,
    ratings: Artifact,
    scale: tuple[float, float],
) -> Artifact:
    """The scores as each person's ratings, by how the scorer judged the anchors."""
    made = calibrated(
        read_table(home, scores),
        read_table(home, judged),
        read_table(home, anchors),
        read_table(home, ratings),
        scale,
    )
    return write_table(home, "scores", made)


@stage("leave unscored", "1")
def unscored_stage(home: Path, candidates: Artifact) -> Artifact:
    """The candidates without any similarity, for a night when nobody could be asked."""
    pairs = read_table(home, candidates).select(USER, ITEM)
    return write_table(
        home, "scores", pairs.with_columns(pl.lit(None, pl.Float64).alias(SIMILARITY))
    )
