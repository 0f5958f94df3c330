"""What every command that works on a data set can be told, whatever it does there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from tasks.core.homes import Home
from tasks.data.formats.names import NAMED
from tasks.settings.runner_name import RunnerName

CHUNK, CHUNK_ASKING = 5000, 100
"""Users per task that takes seconds: where this machine computes, and where a model is asked."""


def _number_of_days(given: object) -> object:
    """30 for "30d"; anything else as it is."""
    return given[:-1] if isinstance(given, str) and given[-1:] == "d" else given


Days = Annotated[int, BeforeValidator(_number_of_days)]
"""A number of days; "30d" is 30 too."""


class CommonOptions(BaseModel):
    """Which data, where state lies, whom to serve, and where the work is done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(
        "movielens", description="Data set: a name (`palate datasets`), a folder, a file."
    )
    columns: str | None = Field(
        None,
        description="What the data's files call columns, where that is not guessed:"
        " user=uid,item=sku,rating=stars.",
    )
    home: Home = Field(
        Path(".palate"),
        description="Folder for all state; or s3://BUCKET/PREFIX, which machines share.",
    )
    top: int = Field(10, ge=1, description="Length of each recommended list, N.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Seed of every random choice.")
    limit_users: int | None = Field(
        None, ge=1, description="Serve a seeded sample of this many users; all train the model."
    )
    max_dropped: float = Field(
        5.0,
        ge=0,
        le=50,
        description="Percent of the ratings that may be of items which the items file lacks; such"
        " ratings are left out.",
    )
    as_of: str | None = Field(
        None,
        description="Know only what was rated before this moment: a day in UTC (2020-10-01), or"
        " seconds since 1970.",
    )
    horizon: Days | None = Field(
        None,
        ge=1,
        description="Days ahead that lists are for, where ratings have timestamps: learned on and"
        " measured on windows as long. 30, or 1/32 of the data's time if that is less, unless set.",
    )
    profiles: Path | None = Field(
        None, description="CSV (user,text) of typed tastes, for `nightly`."
    )
    chunk_users: int | None = Field(
        None,
        ge=1,
        description="Users per task: 100 where a language model is asked, else 5000, unless set.",
    )
    runner: RunnerName = Field(
        "threads",
        description="Where chunks of users are worked on: `threads` of this command, `dask` (a"
        " process per core), or dask://host:port, a scheduler that runs already.",
    )

    @field_validator("as_of")
    @classmethod
    def _is_a_moment(cls, given: str | None) -> str | None:
        if given is not None:
            seconds_of(given)
        return given

    @field_validator("columns")
    @classmethod
    def _names_columns(cls, given: str | None) -> str | None:
        if given is not None:
            columns_of(given)
        return given

    @property
    def column_names(self) -> dict[str, str]:
        """`columns`, by our column the files' own."""
        return {} if self.columns is None else columns_of(self.columns)

    @property
    def known_until(self) -> int | None:
        """`as_of` in seconds since 1970."""
        return None if self.as_of is None else seconds_of(self.as_of)

    def users_per_task(self, *, asking: bool) -> int:
        """The size of a chunk: what a kill can cost, and what one task holds in memory."""
        return self.chunk_users or (CHUNK_ASKING if asking else CHUNK)


def columns_of(given: str) -> dict[str, str]:
    """By our column the files' own, of "user=uid,item=sku"; raises ValueError for anything else."""
    pairs = [pair.partition("=") for pair in given.split(",")]
    for ours, equals, theirs in pairs:
        if not equals or not theirs.strip() or ours.strip() not in NAMED:
            names = ", ".join(sorted(NAMED))
            raise ValueError(f"'{ours}{equals}{theirs}' is not OURS=THEIRS; ours are {names}")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}


def seconds_of(moment: str) -> int:
    """Seconds since 1970 of a day or a number of seconds; raises ValueError for anything else."""
    if moment.isdecimal():
        return int(moment)
    try:
        return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise ValueError(f"{moment!r} is no day such as 2020-10-01") from error
