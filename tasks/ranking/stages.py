"""Learning to rank, and ranking, as stages."""

from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.artifacts import read_arrays, read_table, scan_table, write_arrays, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.optional import version_of
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import BASE_RANK, ITEM, SCORE, USER, Artifact
from tasks.features.learning import few_misses
from tasks.features.stages import FeatureInputs, features_of, for_everybody
from tasks.features.table import LABEL, WHOLE
from tasks.ranking.blend import Learned, Trees, learn_blend, learn_forward
from tasks.ranking.diversity import diversify
from tasks.ranking.learned import learn
from tasks.ranking.rankers import AnyRanker, OracleRanker, RandomRanker, by_score, order
from tasks.texts.stages import VECTORS

BLOCK_USERS = 500
"""Users whose features are in memory at once."""


@stage(
    "learn to rank",
    "3",
    "scikit-learn",
    also=lambda given: version_of("lightgbm") if given["trees"] else None,
)
def learn_stage(
    home: Path, tables: list[Artifact], seed: int, trees: bool, forward: bool = False
) -> Learned:
    """Fit the learned ranker on labelled feature tables, one per inner split.

    `forward`: they are of windows of time, the newest last.
    """
    with bar("learning to rank"):
        data = [table.sha256 for table in tables]
        if not trees:
            return Learned(weights=learn([_whole(read_table(home, t)) for t in tables], data, seed))
        if forward:
            older = [few_misses(read_table(home, t), seed) for t in tables[:-1]]
            fitted = learn_forward(older, read_table(home, tables[-1]), data, seed)
        else:
            fitted = learn_blend([read_table(home, t) for t in tables], data, seed)
        weights, grown, slope, intercept = fitted
        text = np.frombuffer(grown.text.encode(), dtype=np.uint8)
        file = write_arrays(home, "trees", grown.trees, {"text": text})
        return Learned(
            weights=weights,
            trees=Trees(text=file, count=grown.trees, gains=grown.gains),
            slope=slope,
            intercept=intercept,
            trees_alone=forward,
        )


def _whole(table: pl.DataFrame) -> pl.DataFrame:
    """The rows of people whose candidates are all there: what is likely shows in no others."""
    return table.filter(WHOLE).drop(WHOLE) if WHOLE in table.columns else table


@chunk_stage("rank", "2", "numpy", "polars")
def rank_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    pairs: Artifact,
    known: FeatureInputs,
    ranker: AnyRanker,
    explained: int,
    held_out: Artifact | None,
) -> Artifact:
    """The candidates of the users in these rows, in the order of the ranker.

    Features come from the train ratings in `known` alone; `held_out` is for the oracle, which no
    list is published of.
    """
    mine = rows_of(home, users, rows)[USER]
    if isinstance(ranker, RandomRanker) and len(mine):
        before = scan_table(home, pairs).filter(pl.col(USER) < mine[0]).select(pl.len())
        ranker = ranker.model_copy(update={"skip": before.collect().item()})
    lists, shared = [], for_everybody(home, known)
    with bar("ranking", total=len(mine)) as advance:
        for start in range(0, max(len(mine), 1), BLOCK_USERS):
            block = mine[start : start + BLOCK_USERS]
            own = theirs(home, pairs, block)
            table = features_of(home, block, own, known, ranker.features, shared)
            if isinstance(ranker, OracleRanker) and held_out is not None:
                table = _with_hits(table, theirs(home, held_out, block))
            lists.append(order(home, table, ranker, explained))
            if isinstance(ranker, RandomRanker):
                ranker = ranker.model_copy(update={"skip": ranker.skip + table.height})
            advance(len(block))
    return write_table(home, "ranked", pl.concat(lists))


@stage("diversify", "3", "numpy")
def diversify_stage(
    home: Path, lists: Artifact, items: Artifact, vectors: Artifact, diversity: float, places: int
) -> Artifact:
    """The lists with a more diverse head of `places`; `vectors` of the texts of all `items`."""
    with bar("diversifying"):
        ranked, known = read_table(home, lists), read_table(home, items)[ITEM].sort()
        table = read_arrays(home, vectors)[VECTORS]
        listed = known.is_in(ranked[ITEM].unique().implode())
        made = diversify(ranked, known.filter(listed), table[listed.to_numpy()], diversity, places)
        return write_table(home, "ranked", made)


@chunk_stage("join unrated items", "2")
def join_unrated_stage(
    home: Path, rows: Rows, users: Artifact, lists: Artifact, unrated: Artifact, share: float
) -> Artifact:
    """Both in one order by score, of these users; in the base lists unrated items come last.

    `share` is what part of all ratings the scores of `lists` foresee; those of unrated items, whose
    every rating was hidden in learning, foresee all of them.
    """
    mine = rows_of(home, users, rows)[USER]
    known, fresh = theirs(home, lists, mine), theirs(home, unrated, mine)
    last = known.group_by(USER).agg(pl.col(BASE_RANK).max().alias("last"))
    behind = fresh.join(last, on=USER, how="left", maintain_order="left").with_columns(
        pl.col(BASE_RANK) + pl.col("last").fill_null(0), pl.col(SCORE) * share
    )
    both = pl.concat([known, behind.select(known.columns)])
    return write_table(home, "ranked", by_score(both))


def _with_hits(table: pl.DataFrame, held_out: pl.DataFrame) -> pl.DataFrame:
    hits = held_out.select(USER, ITEM, pl.lit(True).alias(LABEL))
    joined = table.join(hits, on=[USER, ITEM], how="left", maintain_order="left")
    return joined.with_columns(pl.col(LABEL).fill_null(False))
