"""Profiles from outside: a CSV with the columns user and text, or userId and preferences.

A column taste_weight says how much the text weighs, from 0 (not at all) to 1 (it alone).
"""

from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.text import plain
from tasks.core.vocabulary import TASTE_WEIGHT, TEXT, USER
from tasks.data.columns import with_ids, with_number
from tasks.data.tables import ROW, read_table

PREFERENCES = {"userId": USER, "preferences": TEXT}
"""As published beside MovieLens; written from all ratings, so in an evaluation they leak."""


def read_profiles(file: Path, known: pl.Series) -> pl.DataFrame:
    """Typed tastes (user, text, taste_weight), sorted by user; `known` are the data set's users.

    A user who is not among them has rated nothing, and an empty text says nothing: both are served.
    Without a column taste_weight it is null. Raises BadDataError for an id of another kind than the
    data set's, a doubled user, or a weight that is not from 0 to 1.
    """
    names = _names(file) | {TASTE_WEIGHT: TASTE_WEIGHT}
    raw = with_ids(read_table(file, names, optional=frozenset({TASTE_WEIGHT})), USER)
    if TASTE_WEIGHT in raw.schema:
        raw = with_number(raw, TASTE_WEIGHT, pl.Float64(), required=False)
    frame = raw.frame.with_columns(plain(pl.col(TEXT)).fill_null(""))
    if TASTE_WEIGHT not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias(TASTE_WEIGHT))
    frame = frame.with_columns(pl.col(USER).cast(pl.String))
    if known.dtype != pl.String:
        other = pl.col(USER).cast(known.dtype, strict=False).cast(pl.String) != pl.col(USER)
        what = "the data set's users have whole numbers for ids, and this is none"
        _refuse(file, frame.filter(other.fill_null(True)), what, USER)
    _refuse(file, frame.filter(~pl.col(USER).is_first_distinct()), "the user appears twice", USER)
    outside = ~pl.col(TASTE_WEIGHT).is_between(0, 1)
    _refuse(file, frame.filter(outside), "the weight is not from 0 to 1", TASTE_WEIGHT)
    return frame.select(pl.col(USER).cast(known.dtype), TEXT, TASTE_WEIGHT).sort(USER)


def _names(file: Path) -> dict[str, str]:
    with file.open("rb") as lines:
        header = lines.readline().decode("utf-8", "replace").strip()
    return (
        PREFERENCES if set(PREFERENCES) <= set(header.split(",")) else {"user": USER, "text": TEXT}
    )


def _refuse(file: Path, bad: pl.DataFrame, problem: str, column: str) -> None:
    if bad.height:
        fix = "Correct the row or delete it."
        raise BadDataError(file, problem, fix, row=bad[ROW][0], column=column)
