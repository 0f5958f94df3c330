"""Item texts and scores as tasks; scores fan out over chunks of users."""

from pathlib import Path

import polars as pl

from tasks.artifacts import read_table, write_table
from tasks.llm_options import EngineOptions
from tasks.scoring.calibration import calibrated, choose_anchors
from tasks.scoring.chunk import score_candidates
from tasks.scoring.registry import scorer_named
from tasks.scoring.texts import item_texts
from tasks.steps import step
from tasks.vocabulary import ITEM, SIMILARITY, USER, Artifact, ScorerName


@step("write item texts", "3")
def texts_task(home: Path, items: Artifact, tags: Artifact | None, ratings: Artifact) -> Artifact:
    """The text of every item; tags only of pairs in `ratings`, the train ratings."""
    tagged = read_table(home, tags) if tags else None
    texts = item_texts(read_table(home, items), tagged, read_table(home, ratings))
    return write_table(home, "texts", texts)


@step("score", "3")
def score_task(
    home: Path,
    scorer: ScorerName,
    scorer_version: str,
    options: EngineOptions,
    candidates: Artifact,
    profiles: Artifact,
    texts: Artifact,
    scale: tuple[float, float],
    rows: tuple[int, int],
) -> Artifact:
    """Similarities for the candidates of profiles number rows[0] up to, not including, rows[1]."""
    people = read_table(home, profiles)[rows[0] : rows[1]]
    theirs = read_table(home, candidates).join(people.select(USER), on=USER, how="semi")
    judge = scorer_named(scorer, home, options)
    made = score_candidates(judge, theirs, people, read_table(home, texts), scale)
    return write_table(home, "scores", made)


@step("join scores", "1")
def join_scores_task(home: Path, chunks: list[Artifact]) -> Artifact:
    """All chunks' scores as one table."""
    return write_table(home, "scores", pl.concat([read_table(home, chunk) for chunk in chunks]))


@step("choose anchors", "1")
def anchors_task(home: Path, profiles: Artifact, ratings: Artifact) -> Artifact:
    """Items that each person has rated in train, for the scorer to judge too."""
    chosen = choose_anchors(read_table(home, profiles), read_table(home, ratings))
    return write_table(home, "anchors", chosen)


@step("calibrate", "1")
def calibrate_task(
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


@step("leave unscored", "1")
def unscored_task(home: Path, candidates: Artifact) -> Artifact:
    """The candidates without any similarity, for a night when nobody could be asked."""
    pairs = read_table(home, candidates).select(USER, ITEM)
    return write_table(
        home, "scores", pairs.with_columns(pl.lit(None, pl.Float64).alias(SIMILARITY))
    )
