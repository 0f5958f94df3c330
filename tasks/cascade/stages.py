"""Drawing people to ask about, judging what judgement adds, and blending it in, as stages."""

from pathlib import Path

import polars as pl

from tasks.cascade.alone import figures
from tasks.cascade.blend import HeadBlend
from tasks.cascade.blended import blended_lists
from tasks.cascade.heads import (
    ASKED,
    RELEVANT,
    described,
    drawn,
    first_places,
    marked,
    part_counts,
    shares,
)
from tasks.cascade.worth import FEWEST_SAMPLED, Cascade, worth
from tasks.core.artifacts import read_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.progress import bar
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import (
    BASE_RANK,
    ESTIMATE,
    ITEM,
    RANK,
    RATING,
    SCORE,
    SIMILARITY,
    USER,
    Artifact,
    ProtocolName,
    Record,
)
from tasks.features.table import LABEL, WHOLE
from tasks.ranking.rankers import LearnedRanker, by_score

PAIR = (USER, ITEM)


class HeadSample(Record):
    """Heads of people whose held-out ratings are known, in the order of a ranker that is older.

    `heads` (user, item, estimate, base_rank, score, rank, held_out, relevant, history, known,
    richness, fitting), sorted by user and rank; `users`: whose they are; `shares`: see `shares`.
    """

    heads: Artifact
    users: Artifact
    shares: dict[str, float]

    @property
    def enough(self) -> bool:
        """Whether there are people to fit on, and as many to judge on."""
        return self.users.rows >= FEWEST_SAMPLED


class AskedHeads(Record):
    """Heads in which something is to be asked, of `users`; the `pairs` of them to ask about.

    `counts`: how many people, or items, each part has, asked about or not.
    """

    heads: Artifact
    users: Artifact
    pairs: Artifact
    counts: dict[str, int]


@stage("draw heads", "1", "numpy", "polars")
def head_sample_stage(  # noqa: PLR0913
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
        kept = by_score(scored).select(*PAIR, ESTIMATE, BASE_RANK, SCORE, RANK, LABEL)
        known = read_table(home, ratings)
        heads = described(first_places(kept, size), known, known, read_table(home, texts))
        held = read_table(home, held_out)
        liked = held if relevant_at is None else held.filter(pl.col(RATING) >= relevant_at)
        counted = liked.group_by(USER).agg(pl.len().cast(pl.Int64).alias(RELEVANT))
        heads = heads.join(counted, on=USER, how="left", maintain_order="left")
        heads = heads.with_columns(pl.col(RELEVANT).fill_null(0))
        chosen = drawn(heads, count, seed)
        return HeadSample(
            heads=write_table(home, "heads", chosen),
            users=write_table(home, "users", _users(chosen)),
            shares=shares(heads),
        )


@stage("judge the judgement", "2", "numpy", "polars", "scikit-learn")
def worth_stage(
    home: Path, sample: HeadSample, scores: Artifact, protocol: ProtocolName, seed: int
) -> Cascade:
    """How judgements (user, item, similarity) are blended, and what they add to which part.

    `protocol`: by which the sample's ratings were held out.
    """
    with bar("judging what the model adds"):
        heads = _with_scores(home, read_table(home, sample.heads), scores)
        made = worth(heads, sample.shares, seed)
        told = figures(heads, made.blend, f"heads, {protocol}", seed)
        return made.model_copy(update={"figures": told})


@stage("choose heads", "1", "polars")
def asked_heads_stage(
    home: Path,
    lists: Artifact,
    asks: dict[str, bool],
    ratings: Artifact,
    everybody: Artifact,
    texts: Artifact,
    silent: Artifact | None,
    size: int,
) -> AskedHeads:
    """The heads of ranked lists in which a part is asked about; none of the users in `silent`.

    `ratings`: those of the people listed; `everybody`'s say which items are new.
    """
    with bar("choosing whom to ask about"):
        ranked = read_table(home, lists)
        if silent:
            ranked = ranked.join(
                read_table(home, silent), on=USER, how="anti", maintain_order="left"
            )
        heads = first_places(ranked, size).select(*PAIR, ESTIMATE, BASE_RANK, SCORE, RANK)
        known = read_table(home, ratings), read_table(home, everybody), read_table(home, texts)
        every = described(heads, *known)
        chosen = marked(every, asks)
        pairs = chosen.filter(ASKED).select(*PAIR, ESTIMATE, BASE_RANK)
        return AskedHeads(
            heads=write_table(home, "heads", chosen),
            users=write_table(home, "users", _users(chosen)),
            pairs=write_table(home, "candidates", pairs),
            counts=part_counts(every),
        )


@chunk_stage("blend heads", "1", "numpy", "polars")
def blend_heads_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    lists: Artifact,
    heads: Artifact,
    scores: Artifact,
    blend: HeadBlend,
) -> Artifact:
    """The lists of the users in these rows, with judged heads in the order of both."""
    mine = rows_of(home, users, rows)[USER]
    judged = _with_scores(home, theirs(home, heads, mine), scores, mine)
    return write_table(home, "ranked", blended_lists(theirs(home, lists, mine), judged, blend))


def _users(heads: pl.DataFrame) -> pl.DataFrame:
    return heads.select(pl.col(USER).unique().sort())


def _with_scores(
    home: Path, heads: pl.DataFrame, scores: Artifact, users: pl.Series | None = None
) -> pl.DataFrame:
    given = read_table(home, scores) if users is None else theirs(home, scores, users)
    known = given.select(*PAIR, SIMILARITY)
    return heads.join(known, on=PAIR, how="left", maintain_order="left")
