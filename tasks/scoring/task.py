"""Item texts and scores as tasks; scores fan out over chunks of users."""

from pathlib import Path

import polars as pl

from tasks.artifacts import read_table, write_table
from tasks.scoring.chunk import score_candidates
from tasks.scoring.registry import scorer_named
from tasks.scoring.texts import item_texts
from tasks.steps import step
from tasks.vocabulary import USER, Artifact, ScorerName


@step("write item texts", "1")
def texts_task(home: Path, items: Artifact, tags: Artifact | None, ratings: Artifact) -> Artifact:
    """The text of every item; tags only of pairs in `ratings`, the train ratings."""
    tagged = read_table(home, tags) if tags else None
    texts = item_texts(read_table(home, items), tagged, read_table(home, ratings))
    return write_table(home, "texts", texts)


@step("score", "2")
def score_task(
    home: Path,
    scorer: ScorerName,
    scorer_version: str,
    candidates: Artifact,
    profiles: Artifact,
    texts: Artifact,
    first: int,
    last: int,
) -> Artifact:
    """Similarities for the candidates of profiles number `first` up to, not including, `last`."""
    people = read_table(home, profiles).slice(first, last - first)
    theirs = read_table(home, candidates).join(people.select(USER), on=USER, how="semi")
    made = score_candidates(scorer_named(scorer, home), theirs, people, read_table(home, texts))
    return write_table(home, "scores", made)


@step("join scores", "1")
def join_scores_task(home: Path, chunks: list[Artifact]) -> Artifact:
    """All chunks' scores as one table."""
    return write_table(home, "scores", pl.concat([read_table(home, chunk) for chunk in chunks]))
