"""Re-ranking as a task."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_arrays, read_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ESTIMATE,
    ITEM,
    RANK,
    SCORE,
    SIMILARITY,
    TEXT,
    USER,
    Artifact,
    RuleName,
)
from tasks.features.signals import add_features
from tasks.ranking.blend import Learned, Trees, learn_blend, probabilities
from tasks.ranking.diversity import diversify
from tasks.ranking.learned import learn
from tasks.ranking.rules import in_order_of, rerank
from tasks.settings.run import Weights
from tasks.texts.embedding_store import text_vectors


@chunk_stage("re-rank", "2")
def rerank_stage(  # noqa: PLR0913 - each of them decides the order, so is in the cache key
    home: Path,
    rows: Rows,
    candidates: Artifact,
    scores: Artifact,
    ratings: Artifact,
    counts: Artifact,
    items: Artifact,
    users: Artifact,
    rule: RuleName,
    weights: Weights,
    min_similarity: float,
) -> Artifact:
    """The candidates of the users in these rows with features, score and new rank.

    Features come from `ratings` alone, of which `counts` are.
    """
    mine = rows_of(home, users, rows)[USER]
    known = add_features(
        theirs(home, candidates, mine).select(USER, ITEM, ESTIMATE, BASE_RANK),
        theirs(home, scores, mine),
        theirs(home, ratings, mine),
        read_table(home, items),
        read_table(home, counts),
    )
    return write_table(home, "ranked", rerank(known, rule, weights, min_similarity))


@stage("learn to re-rank", "3", "scikit-learn")
def learn_stage(
    home: Path, tables: list[Artifact], seed: int, trees: bool, lightgbm: str | None
) -> Learned:
    """Fit the learned re-ranker on labelled feature tables; `lightgbm` is its version."""
    with bar("learning to re-rank"):
        read, data = [read_table(home, t) for t in tables], [t.sha256 for t in tables]
        if not trees:
            return Learned(weights=learn(read, data, seed))
        weights, grown, slope, intercept = learn_blend(read, data, seed)
        text = np.frombuffer(grown.text.encode(), dtype=np.uint8)
        file = write_arrays(home, "trees", grown.trees, {"text": text})
        return Learned(
            weights=weights,
            trees=Trees(text=file, count=grown.trees, gains=grown.gains),
            slope=slope,
            intercept=intercept,
        )


@stage("re-rank as learned", "3")
def learned_stage(
    home: Path,
    candidates: Artifact,
    table: Artifact,
    learned: Learned,
    ratings: Artifact,
    counts: Artifact,
    items: Artifact,
) -> Artifact:
    """Every candidate with its signals, in the order of how likely it is to be rated."""
    pairs = read_table(home, candidates).select(USER, ITEM, ESTIMATE, BASE_RANK)
    features = read_table(home, table)
    text = _text_of(home, learned.trees) if learned.trees else None
    chances = probabilities(features, learned, text)
    likely = features.select(USER, ITEM, pl.Series("likely", chances))
    unscored = pairs.select(USER, ITEM, pl.lit(None, pl.Float64).alias(SIMILARITY))
    known = add_features(
        pairs, unscored, *(read_table(home, table) for table in (ratings, items, counts))
    )
    scored = known.join(likely, on=[USER, ITEM], how="left", maintain_order="left")
    ranked = in_order_of(scored, pl.col("likely")).drop("likely")
    return write_table(home, "ranked", ranked)


@stage("diversify", "2", "numpy")
def diversify_stage(
    home: Path, lists: Artifact, texts: Artifact, embedder: str, diversity: float, places: int
) -> Artifact:
    """The lists with a more diverse head of `places`; `embedder` is the version of what reads."""
    with bar("diversifying"):
        ranked = read_table(home, lists)
        told = read_table(home, texts).join(ranked.select(ITEM), on=ITEM, how="semi").sort(ITEM)
        vectors = text_vectors(home, told[TEXT].to_list())
        made = diversify(ranked, told[ITEM], vectors, diversity, places)
        return write_table(home, "ranked", made)


@stage("join unrated items", "1")
def join_unrated_stage(home: Path, lists: Artifact, unrated: Artifact, share: float) -> Artifact:
    """Both in one order by score; in the base lists unrated items come last.

    `share` is what part of all ratings the scores of `lists` foresee; those of unrated items, whose
    every rating was hidden in learning, foresee all of them.
    """
    known, fresh = read_table(home, lists), read_table(home, unrated)
    last = known.group_by(USER).agg(pl.col(BASE_RANK).max().alias("last"))
    behind = fresh.join(last, on=USER, how="left", maintain_order="left").with_columns(
        pl.col(BASE_RANK) + pl.col("last").fill_null(0), pl.col(SCORE) * share
    )
    both = pl.concat([known, behind.select(known.columns)])
    return write_table(home, "ranked", in_order_of(both, pl.col(SCORE)))


@stage("choose what is shown", "1")
def shown_stage(home: Path, lists: Artifact, top: int) -> Artifact:
    """The candidates that stand in a base list or a re-ranked list."""
    ranked = read_table(home, lists)
    shown = ranked.filter((pl.col(RANK) <= top) | (pl.col(BASE_RANK) <= top))
    return write_table(home, "candidates", shown.select(USER, ITEM, ESTIMATE, BASE_RANK))


@stage("explain", "1")
def explain_stage(home: Path, lists: Artifact, scores: Artifact) -> Artifact:
    """The lists with these similarities."""
    ranked, known = read_table(home, lists), read_table(home, scores)
    told = ranked.drop(SIMILARITY).join(
        known.select(USER, ITEM, SIMILARITY), on=[USER, ITEM], how="left", maintain_order="left"
    )
    return write_table(home, "ranked", told.select(ranked.columns))


def _text_of(home: Path, trees: Trees) -> str:
    return read_arrays(home, trees.text)["text"].tobytes().decode()
