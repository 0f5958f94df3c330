"""Profiles as tasks."""

from pathlib import Path

from tasks.artifacts import read_table, write_table
from tasks.profiles.favourites import make_profiles
from tasks.profiles.written import read_profiles
from tasks.steps import step
from tasks.vocabulary import USER, Artifact


@step("make profiles", "1")
def profiles_task(
    home: Path,
    users: Artifact,
    ratings: Artifact,
    items: Artifact,
    typed: Artifact | None,
    noun_plural: str,
    this_year: int,
) -> Artifact:
    """A profile for every user, from train ratings alone unless somebody typed one."""
    made = make_profiles(
        read_table(home, users),
        read_table(home, ratings),
        read_table(home, items),
        read_table(home, typed) if typed else None,
        noun_plural,
        this_year,
    )
    return write_table(home, "profiles", made)


@step("read typed profiles", "1")
def typed_profiles_task(
    home: Path,
    folder: Path,
    fingerprint: str,
    ratings: Artifact,
) -> Artifact:
    """Read the CSV `folder` of typed tastes."""
    known = read_table(home, ratings)[USER].unique()
    return write_table(home, "typed", read_profiles(folder, known))
