"""What is asked of TMDB, and what it answers."""

from datetime import datetime
from urllib.parse import urlencode

from pydantic import ConfigDict, Field, field_validator

from tasks.core.vocabulary import Record


class Movie(Record):
    """A movie as TMDB describes it; all of it is untrusted. `vote_average` is from 0 to 10."""

    model_config = ConfigDict(extra="ignore")

    id: int
    title: str = ""
    original_title: str = ""
    release_date: str = ""
    overview: str = ""
    vote_average: float = Field(0.0, ge=0, le=10)
    vote_count: int = Field(0, ge=0)

    @field_validator("title", "original_title", "release_date", "overview", mode="before")
    @classmethod
    def _null_is_empty(cls, text: object) -> object:
        return "" if text is None else text

    @field_validator("vote_average", "vote_count", mode="before")
    @classmethod
    def _null_is_nothing(cls, number: object) -> object:
        return 0 if number is None else number

    @property
    def year(self) -> int | None:
        """Of the first release; None where TMDB has no date."""
        year = self.release_date[:4]
        return int(year) if year.isdecimal() and len(year) == 4 else None


class Lookup(Record):
    """A question to TMDB: the movie of an id, or movies of a title, released that year somewhere.

    `path`: behind TMDB's base address.
    """

    path: str
    title: str | None = None
    year: int | None = None

    @property
    def is_search(self) -> bool:
        """Whether it may have several answers, TMDB's likeliest first."""
        return self.title is not None


def by_id(tmdb_id: int) -> Lookup:
    """The movie with this id: one, or none."""
    return Lookup(path=f"/3/movie/{tmdb_id}")


def by_title(title: str, year: int | None) -> Lookup:
    """Movies with such a title, of that year if it is given."""
    return Lookup(path="/3/search/movie", title=title, year=year)


class Answer(Record):
    """The movies that TMDB gave, none if it knows of none, and when."""

    movies: tuple[Movie, ...]
    fetched_at: datetime


def query_of(lookup: Lookup) -> dict[str, str]:
    """The address' parameters, without the key."""
    if lookup.title is None:
        return {}
    return {"query": lookup.title} | ({} if lookup.year is None else {"year": str(lookup.year)})


def name_of(lookup: Lookup) -> str:
    """A lookup as text, the same for the same question."""
    return "?".join(part for part in (lookup.path, urlencode(query_of(lookup))) if part)
