"""Profiles as tasks."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.chunks import Rows, gather, rows_of, theirs
from tasks.core.stage import step
from tasks.core.vocabulary import USER, Artifact, ProfileStyle
from tasks.llm.options import EngineOptions
from tasks.texts.profiles.favourites import make_profiles
from tasks.texts.profiles.written import read_profiles


@step("make profiles", "3")
def profiles_task(
    home: Path,
    users: Artifact,
    ratings: Artifact,
    items: Artifact,
    typed: Artifact | None,
    noun_plural: str,
    this_year: int,
    style: ProfileStyle,
    rows: Rows,
) -> Artifact:
    """A profile for the users in these rows, from train ratings alone unless somebody typed one."""
    wanted = rows_of(home, users, rows)
    made = make_profiles(
        wanted,
        theirs(home, ratings, wanted[USER]),
        read_table(home, items),
        read_table(home, typed) if typed else None,
        noun_plural,
        this_year,
        style,
    )
    return write_table(home, "profiles", made)


@step("write tastes", "1")
def write_tastes_task(
    home: Path,
    options: EngineOptions,
    judge: str,
    profiles: Artifact,
    texts: Artifact,
    typed: Artifact | None,
    rows: Rows,
) -> Artifact:
    """The model's line for profiles number rows[0] up to rows[1]; `judge` names who writes it.

    What somebody typed about themselves stays as it is.
    """
    from tasks.texts.profiles.language import write_tastes  # noqa: PLC0415 - loads openai, SQLAlchemy

    people = rows_of(home, profiles, rows)
    typists = read_table(home, typed)[USER] if typed else pl.Series(USER, [], people[USER].dtype)
    own = pl.col(USER).is_in(typists.implode())
    written = write_tastes(home, options, people.filter(~own), read_table(home, texts))
    return write_table(home, "profiles", pl.concat([people.filter(own), written]).sort(USER))


gather_profiles_task = gather("profiles", "profiles")


@step("read typed profiles", "1")
def typed_profiles_task(
    home: Path,
    folder: Path,
    fingerprint: str,
    ratings: Artifact,
) -> Artifact:
    """Read the CSV `folder` of typed tastes."""
    users = read_table(home, ratings)[USER].unique()
    return write_table(home, "typed", read_profiles(folder, users))
