"""Profiles from outside: a CSV with the columns user and text, or userId and preferences."""

from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.text import plain
from tasks.core.vocabulary import TEXT, USER
from tasks.data.columns import with_ids
from tasks.data.tables import ROW, read_table

PREFERENCES = {"userId": USER, "preferences": TEXT}
"""As published beside MovieLens; written from all ratings, so in an evaluation they leak."""


def read_profiles(file: Path, known: pl.Series) -> pl.DataFrame:
    """Typed tastes (user, text), sorted by user; `known` are the ids of the data set's users.

    Raises BadDataError for an unknown or doubled user, or an empty text.
    """
    raw = with_ids(read_table(file, _names(file)), USER)
    frame = raw.frame.with_columns(plain(pl.col(TEXT)))
    frame = frame.with_columns(pl.col(USER).cast(pl.String))
    ids = known.cast(pl.String).implode()
    _refuse(file, frame.filter(~pl.col(USER).is_in(ids)), "the user has no ratings", USER)
    _refuse(file, frame.filter(~pl.col(USER).is_first_distinct()), "the user appears twice", USER)
    _refuse(file, frame.filter(pl.col(TEXT).fill_null("") == ""), "the text is empty", TEXT)
    return frame.select(pl.col(USER).cast(known.dtype), TEXT).sort(USER)


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
