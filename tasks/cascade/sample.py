"""The sample of people on which a language model's judgement is blended and judged, as a stage."""

from pathlib import Path

import polars as pl

from tasks.cascade.heads import RELEVANT, described, drawn, first_places, shares
from tasks.core.artifacts import read_table, write_table
from tasks.core.progress import bar
from tasks.core.stage import stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ESTIMATE,
    ITEM,
    RANK,
    RATING,
    SCORE,
    USER,
    Artifact,
    Record,
)
from tasks.features.table import LABEL, WHOLE
from tasks.ranking.rankers import LearnedRanker, by_score


class HeadSample(Record):
    """Heads of people whose held-out ratings are known, in the order of a ranker that is older.

    `heads` (user, item, estimate, base_rank, score, rank, held_out, relevant, history, known,
    richness, fitting), sorted by user and rank; `users`: whose they are; `shares`: see `shares`.
    """

    heads: Artifact
    users: Artifact
    shares: dict[str, float]


@stage("draw heads", "1", "numpy", "polars")
def head_sample_stage(
    home: Path,
    table: Artifact,
    ranker: LearnedRanker,
    held_out: Artifact,
    relevant_at: float | None,
    ratings: Artifact,
    texts: Artifact,
    size: int,
    count: int,
    seed: int,
) -> HeadSample:
    """Heads of `size` places of up to 2 x `count` people, ranked by `ranker`.

    `table`: labelled features of a split that the ranker has not learned from; people whose
    candidates are not all there are passed over. Of held-out ratings those of `relevant_at` or more
    count, or all. `ratings`: the train ratings of that split, `texts` those of all items.
    """
    with bar("ranking people to ask about"):
        labelled = read_table(home, table)
        whole = labelled.filter(WHOLE) if WHOLE in labelled.columns else labelled
        scored = whole.with_columns(pl.Series(SCORE, ranker.scores(home, whole), pl.Float64))
        kept = by_score(scored).select(USER, ITEM, ESTIMATE, BASE_RANK, SCORE, RANK, LABEL)
        known = read_table(home, ratings)
        heads = described(first_places(kept, size), known, known, read_table(home, texts))
        held = read_table(home, held_out)
        liked = held if relevant_at is None else held.filter(pl.col(RATING) >= relevant_at)
        counted = liked.group_by(USER).agg(pl.len().cast(pl.Int64).alias(RELEVANT))
        heads = heads.join(counted, on=USER, how="left", maintain_order="left")
        heads = heads.with_columns(pl.col(RELEVANT).fill_null(0))
        chosen = drawn(heads, count, seed)
        users = chosen.select(pl.col(USER).unique().sort())
        return HeadSample(
            heads=write_table(home, "heads", chosen),
            users=write_table(home, "users", users),
            shares=shares(heads),
        )
