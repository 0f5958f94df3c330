"""What blends and orders are measured against, people by people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table
from tasks.core.vocabulary import ITEM, RANK, RATING, SCORE, USER, Artifact, Record
from tasks.evaluation.beyond import catalogue_of
from tasks.evaluation.judgements.blending import out_of_fold
from tasks.evaluation.judgements.comparing import Values
from tasks.evaluation.measures import GroundTruth, per_user
from tasks.evaluation.stages import Split

LEARNED = "learned"
MEASURED = ("NDCG@10", "NDCG liked@10")
HIT, LIKED = "hit", "liked"
TARGETS = dict(zip(MEASURED, (HIT, LIKED), strict=True))
"""By metric what a blend is fitted to."""

DRAWS = 5
"""How often people are drawn into folds; their values are those of every draw."""


class HeldOutOf(Record):
    """A split, its items and their train counts, from when an item is liked, and a seed."""

    split: Split
    items: Artifact
    counts: Artifact
    relevant_at: float
    seed: int


@dataclass(frozen=True)
class Truth:
    """What lists are measured against, and the seed of every draw."""

    ground: GroundTruth
    seed: int

    def marked(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """The pairs with whether each was held out, and rated well."""
        held = self.ground.held_out.select(USER, ITEM, RATING)
        joined = pairs.join(held, on=[USER, ITEM], how="left", maintain_order="left")
        liked = (pl.col(RATING) >= self.ground.relevant_at).fill_null(value=False)
        rated = pl.col(RATING).is_not_null()
        return joined.with_columns(rated.alias(HIT), liked.alias(LIKED)).drop(RATING)

    def of(self, scored: pl.DataFrame) -> pl.DataFrame:
        """User and the metrics of MEASURED of lists (user, item, score)."""
        ordered = scored.sort(USER, SCORE, ITEM, descending=[False, True, False])
        place = pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over(USER)
        ranked = ordered.select(USER, ITEM, place.alias(RANK))
        return per_user(ranked, RANK, self.ground, 1, (10,)).select(USER, *MEASURED)

    def alone(self, table: pl.DataFrame, column: str) -> Values:
        """The lists by one column, where it is known."""
        known = table.filter(pl.col(column).is_not_null())
        return dict.fromkeys(range(DRAWS), self.of(known.with_columns(pl.col(column).alias(SCORE))))

    def blended(self, table: pl.DataFrame, columns: Sequence[str]) -> Values:
        """The lists by several columns, each metric with weights that are fitted to it."""
        made = {}
        for draw in range(DRAWS):
            frames = [
                self.of(
                    table.with_columns(
                        pl.Series(SCORE, out_of_fold(table, columns, target, self.seed + draw))
                    )
                ).select(USER, metric)
                for metric, target in TARGETS.items()
            ]
            made[draw] = pl.concat([frames[0], frames[1].drop(USER)], how="horizontal")
        return made


def truth_of(home: Path, given: HeldOutOf) -> Truth:
    """What is held out of the users who are tested."""
    items, counts = read_table(home, given.items), read_table(home, given.counts)
    catalogue = catalogue_of(items, counts, given.split.train_users)
    users, held_out = (read_table(home, one) for one in (given.split.users, given.split.held_out))
    mine = held_out.join(users, on=USER, how="semi")
    return Truth(GroundTruth(mine, users[USER], given.relevant_at, catalogue), given.seed)


def logit(probability: pl.Expr) -> pl.Expr:
    """Log odds, finite at 0 and 1 too."""
    inner = probability.clip(1e-9, 1 - 1e-9)
    return (inner / (1 - inner)).log()
