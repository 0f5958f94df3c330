"""What stands for a home folder: addresses and processes, written down for `down` and others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tasks.core.errors import PalateError
from tasks.core.files import replacing
from tasks.core.vocabulary import Record

Role = Literal["postgres", "server", "worker"]
POOL = "palate"
"""The work pool of deployments/prefect.yaml."""


class StandingError(PalateError):
    """Something of the standing installation does not start, or does not stop."""


class Started(Record):
    """A process, told from another that got its number later by the time it was started.

    `started`: seconds since the epoch, as the operating system says.
    """

    pid: int
    started: float


class State(Record):
    """What was started for a home, and where it answers."""

    project: Path
    port: int
    processes: Mapping[Role, Started] = {}
    sockets: Path | None = None

    @property
    def url(self) -> str:
        """Address of the server's API, for PREFECT_API_URL."""
        return f"http://127.0.0.1:{self.port}/api"

    def with_process(self, role: Role, process: Started) -> "State":
        """The same with a process in its place."""
        return self.model_copy(update={"processes": {**self.processes, role: process}})


def folder(home: Path) -> Path:
    """Where the installation of a home keeps its state, logs and database."""
    return home.resolve() / "standing"


def read_state(home: Path) -> State | None:
    """What was written down last; None where nothing stands."""
    file = _file(home)
    if not file.is_file():
        return None
    try:
        return State.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise StandingError(
            f"{file}: is not what `palate up` writes.", "Delete it, then `palate down`."
        ) from error


def write_state(home: Path, state: State) -> None:
    """Write it down, whole or not at all."""
    with replacing(_file(home)) as private:
        private.write_text(state.model_dump_json(indent=2), encoding="utf-8")


def forget(home: Path) -> None:
    """Nothing stands any more."""
    _file(home).unlink(missing_ok=True)


def _file(home: Path) -> Path:
    return folder(home) / "state.json"
