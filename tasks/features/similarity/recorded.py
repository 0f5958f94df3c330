"""The scorer of judgements that somebody else made, a language model of others say: from a file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import ITEM, RANK, SCORE, SIMILARITY, USER
from tasks.data.columns import Check, Column, id_column, like, number_column, typed
from tasks.data.formats.names import RATED
from tasks.data.given import read_given
from tasks.data.tables import ROW, Table
from tasks.features.similarity.scorer import Scores, ScoringInputs

VERSION = "recorded-1"
CALLED = {
    USER: RATED[USER],
    ITEM: RATED[ITEM],
    SCORE: ("score",),
    RANK: ("rank", "place", "position"),
}


def recorded_scores(asked: ScoringInputs, recorded: pl.DataFrame) -> Scores:
    """One score (P,) per candidate; NaN where `recorded` (user, item, similarity) lacks it."""
    pairs = asked.candidates.select(USER, ITEM)
    joined = pairs.join(recorded, on=[USER, ITEM], how="left", maintain_order="left")
    scores: Scores = joined[SIMILARITY].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return scores


def read_recorded(
    file: Path,
    users: pl.DataFrame,
    items: pl.DataFrame,
    columns: Mapping[str, str],
    copies: Path,
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """User, item, similarity of a file with scores or ranks; and what is to be said of it.

    Rows of users or items that are not the data set's are left out and counted. Raises
    BadDataError where there is neither score nor rank, a value is none, or a pair stands there
    twice.
    """
    raw = read_given(file, "--scores", CALLED, (USER, ITEM), columns, copies)
    if not {SCORE, RANK} & raw.schema.keys():
        problem = f"the column is missing (found: {', '.join(raw.theirs.values())})"
        raise BadDataError(file, problem, "Add one of the two.", column=f"{SCORE} or {RANK}")
    by_score = SCORE in raw.schema
    value = number_column(raw, SCORE, pl.Float64(), required=True) if by_score else _ranks(raw)
    rows = typed(raw, id_column(raw, USER), id_column(raw, ITEM), value).frame
    again = rows.filter(~pl.struct(USER, ITEM).is_first_distinct()).sort(ROW)
    if again.height:
        problem = "the pair of user and item stands there twice"
        raise raw.bad(problem, "Keep one.", ITEM, again[ROW][0])
    scored, how = _of_scores(rows) if by_score else _of_ranks(rows)
    met = like(like(scored, users, USER), items, ITEM)
    known = met.join(users, on=USER, how="semi").join(items, on=ITEM, how="semi")
    lines = [how] if how else []
    if known.height < met.height:
        lines.append(
            f"{met.height - known.height:,} recorded judgements left out: their user or item is not"
            " the data set's"
        )
    return known.select(USER, ITEM, SIMILARITY).sort(USER, ITEM), tuple(lines)


def similarity_of_rank() -> pl.Expr:
    """1 - (rank - 1) / n in (0, 1], n being the user's lowest place.

    So what somebody ranked stands above what they did not, which is neutral: 0.
    """
    return 1.0 - (pl.col(RANK) - 1.0) / pl.col(RANK).max().over(USER)


def _of_ranks(rows: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    scored = rows.with_columns(similarity_of_rank().alias(SIMILARITY))
    return scored, "recorded ranks: 1 becomes the score 1, the last of a user's n becomes 1/n"


def _of_scores(rows: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Scores as they are where all lie in [-1, 1]; else the lowest becomes -1, the highest 1."""
    low, high = rows.select(pl.col(SCORE).min(), pl.col(SCORE).max().alias("high")).row(0)
    if low >= -1.0 and high <= 1.0:
        return rows.rename({SCORE: SIMILARITY}), None
    spread = high - low or 1.0
    scaled = rows.with_columns((2.0 * (pl.col(SCORE) - low) / spread - 1.0).alias(SIMILARITY))
    return scaled, f"recorded scores from {low:g} to {high:g} become -1 to 1"


def _ranks(raw: Table) -> Column:
    column = number_column(raw, RANK, pl.Float64(), required=True)
    if column.is_refused:
        return column
    bad = Check(
        (column.value < 1) | (column.value != column.value.floor()),
        lambda value: f"{value:g} is no rank",
        "Ranks are whole numbers from 1, the best.",
        column.value,
    )
    return column.having(bad)
