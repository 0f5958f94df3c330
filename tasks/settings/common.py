"""What every command that works on a data set can be told, whatever it does there."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tasks.core.homes import Home
from tasks.settings.runner_name import RunnerName

CHUNK, CHUNK_ASKING = 5000, 100
"""Users per task that takes seconds: where this machine computes, and where a model is asked."""


class CommonOptions(BaseModel):
    """Which data, where state lies, whom to serve, and where the work is done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field("movielens", description="Data set: a name (`palate datasets`) or a folder.")
    home: Home = Field(
        Path(".palate"),
        description="Folder for all state; or s3://BUCKET/PREFIX, which machines share.",
    )
    top: int = Field(10, ge=1, description="Length of each recommended list, N.")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Seed of every random choice.")
    limit_users: int | None = Field(
        None, ge=1, description="Serve a seeded sample of this many users; all train the model."
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

    def users_per_task(self, *, asking: bool) -> int:
        """The size of a chunk: what a kill can cost, and what one task holds in memory."""
        return self.chunk_users or (CHUNK_ASKING if asking else CHUNK)
