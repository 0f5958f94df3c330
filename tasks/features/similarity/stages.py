"""The scorer's similarities as stages, over chunks of users."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_arrays, read_table, scan_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    FAVOURITES,
    ITEM,
    USER,
    Artifact,
    ScorerName,
)
from tasks.features.similarity.registry import scorer_named, scorer_version
from tasks.features.similarity.scorer import ScoringInputs, score_candidates
from tasks.llm.options import EngineOptions
from tasks.texts.item_texts import needed_texts
from tasks.texts.stages import VECTORS


@stage("choose texts", "1")
def needed_texts_stage(
    home: Path, texts: Artifact, candidates: Artifact, profiles: Artifact
) -> Artifact:
    """The texts that are read to score these candidates."""
    wanted = scan_table(home, candidates).select(pl.col(ITEM).unique()).collect()
    people = scan_table(home, profiles).select(FAVOURITES).collect()
    return write_table(home, "texts", needed_texts(read_table(home, texts), wanted, people))


@chunk_stage(
    "score",
    "5",
    not_in_key={"options"},
    also=lambda given: scorer_version(given["scorer"], given["options"]),
    detail="scorer",
)
def score_stage(
    home: Path,
    rows: Rows,
    scorer: ScorerName,
    options: EngineOptions,
    candidates: Artifact,
    profiles: Artifact,
    texts: Artifact,
    vectors: Artifact | None,
    scale: tuple[float, float],
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
