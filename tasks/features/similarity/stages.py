"""The scorer's similarities as stages, over chunks of users."""

from functools import partial
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
from tasks.features.similarity import embedded
from tasks.features.similarity.scorer import Scorer, ScoringInputs, score_candidates
from tasks.llm.options import EngineOptions
from tasks.llm.questions import SCORE
from tasks.texts.embedding_store import text_vectors
from tasks.texts.item_texts import needed_texts
from tasks.texts.stages import VECTORS


def scorer_named(name: ScorerName, home: Path, options: EngineOptions) -> Scorer:
    """The scorer that `--scorer` names: a new one is an entry here."""
    if name == "embedded":
        return partial(embedded.embedded_scores, embed=partial(text_vectors, home))
    from tasks.features.similarity.language import model_scores  # noqa: PLC0415 - loads openai and SQLAlchemy

    return partial(model_scores, home=home, options=options)


def scorer_version(name: ScorerName, options: EngineOptions) -> str:
    """Changes whenever the same question would get another score."""
    return embedded.VERSION if name == "embedded" else SCORE.judge(options)


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
