"""Profiles as tasks."""

from pathlib import Path

import polars as pl

from tasks.core.artifacts import read_table, write_table
from tasks.core.chunks import rows_of, theirs
from tasks.core.stage import Rows, chunk_stage, stage
from tasks.core.vocabulary import FAVOURITES, TEXT, USER, Artifact, ProfileStyle
from tasks.llm.options import EngineOptions
from tasks.llm.questions import PROFILE
from tasks.texts.profiles.favourites import make_profiles
from tasks.texts.profiles.rated import with_rated
from tasks.texts.profiles.written import read_profiles


@chunk_stage("make profiles", "2")
def profiles_stage(
    home: Path,
    rows: Rows,
    users: Artifact,
    ratings: Artifact,
    items: Artifact,
    typed: Artifact | None,
    noun_plural: str,
    this_year: int,
    style: ProfileStyle,
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


@chunk_stage("show ratings", "1")
def rated_stage(
    home: Path,
    rows: Rows,
    profiles: Artifact,
    ratings: Artifact,
    items: Artifact,
    typed: Artifact | None,
) -> Artifact:
    """The profiles in these rows with some of each person's train ratings."""
    people = rows_of(home, profiles, rows)
    shown = with_rated(
        people,
        theirs(home, ratings, people[USER]),
        read_table(home, items),
        read_table(home, typed) if typed else None,
    )
    return write_table(home, "profiles", shown)


@chunk_stage(
    "write tastes",
    "2",
    not_in_key={"options"},
    also=lambda given: PROFILE.judge(given["options"]),
)
def write_tastes_stage(
    home: Path,
    rows: Rows,
    options: EngineOptions,
    profiles: Artifact,
    texts: Artifact,
    typed: Artifact | None,
    again: str | None = None,
) -> Artifact:
    """The model's line for profiles number rows[0] up to rows[1].

    What somebody typed about themselves stays as it is. `again`: the run whose missing lines are
    to be asked for once more.
    """
    from tasks.texts.profiles.language import write_tastes  # noqa: PLC0415 - loads openai, SQLAlchemy

    people = rows_of(home, profiles, rows)
    typists = read_table(home, typed)[USER] if typed else pl.Series(USER, [], people[USER].dtype)
    own = pl.col(USER).is_in(typists.implode())
    written = write_tastes(home, options, people.filter(~own), read_table(home, texts))
    return write_table(home, "profiles", pl.concat([people.filter(own), written]).sort(USER))


@stage("count unwritten tastes", "1", role="figures")
def unwritten_stage(
    home: Path, composed: Artifact, written: Artifact, typed: Artifact | None
) -> tuple[int, int]:
    """For how many people the model wrote nothing, and for how many it should have."""
    before, after = read_table(home, composed), read_table(home, written)
    asked = before.filter(pl.col(FAVOURITES).list.len() > 0).select(USER, TEXT)
    if typed:
        asked = asked.join(read_table(home, typed), on=USER, how="anti")
    kept = asked.join(after.select(USER, TEXT), on=[USER, TEXT], how="semi")
    return kept.height, asked.height


@stage("read typed profiles", "3", role="data", not_in_key={"file"})
def typed_profiles_stage(home: Path, file: Path, fingerprint: str, ratings: Artifact) -> Artifact:
    """The typed tastes of a CSV file; `fingerprint` stands for its content in the key."""
    users = read_table(home, ratings)[USER].unique()
    return write_table(home, "typed", read_profiles(file, users))


@stage("serve who typed", "1", role="data")
def served_stage(home: Path, users: Artifact, ratings: Artifact, typed: Artifact) -> Artifact:
    """The users to serve, with those who typed something and have rated nothing."""
    served, everybody = read_table(home, users), read_table(home, ratings).select(USER).unique()
    strangers = read_table(home, typed).select(USER).join(everybody, on=USER, how="anti")
    return write_table(home, "users", pl.concat([served, strangers]).unique().sort(USER))
