"""What was started for a home folder, written down for `palate down` and for other commands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from tasks.core.errors import ServiceError
from tasks.core.files import replacing
from tasks.core.vocabulary import Record

Role = Literal["postgres", "server", "worker"]

POOL = "palate"
"""The work pool of deployments/prefect.yaml."""

FOLDER, STATE = "standing", "state.json"
"""Below the home. An earlier version named them so, and what it started must still be stopped."""

OUR_FIRST_LINE = "# Written by `palate up`; `palate down` removes it."


class Started(Record):
    """A process; its start tells it from another that got the same number later.

    `started`: seconds since the epoch, as the operating system says.
    """

    pid: int
    started: float


class Installation(Record):
    """What was started for a home, and where it answers. `sockets`: Postgres' folder of them."""

    project: Path
    port: int
    processes: Mapping[Role, Started] = {}
    sockets: Path | None = None

    @property
    def url(self) -> str:
        """Address of the server's API, for PREFECT_API_URL."""
        return f"http://127.0.0.1:{self.port}/api"

    def with_process(self, role: Role, process: Started) -> "Installation":
        """The same with a process in its place."""
        return self.model_copy(update={"processes": {**self.processes, role: process}})


def folder(home: Path) -> Path:
    """Where the installation of a home keeps its state, logs and database."""
    return home.resolve() / FOLDER


def read_state(home: Path) -> Installation | None:
    """What was written down last; None where nothing was started."""
    file = folder(home) / STATE
    if not file.is_file():
        return None
    try:
        return Installation.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError) as error:
        raise ServiceError(
            f"{file}: is not what `palate up` writes.", "Delete it, then `palate down`."
        ) from error


def write_state(home: Path, state: Installation) -> None:
    """Write it down, whole or not at all."""
    with replacing(folder(home) / STATE) as private:
        private.write_text(state.model_dump_json(indent=2), encoding="utf-8")


def forget(home: Path) -> None:
    """Nothing is running any more."""
    (folder(home) / STATE).unlink(missing_ok=True)


def write_prefect_toml(state: Installation) -> None:
    """Let `prefect` find the server without an export, in the project's folder.

    A file that somebody else wrote there stays as it is.
    """
    file = _prefect_toml(state)
    if not file.exists() or _is_ours(file):
        with replacing(file) as private:
            text = f'{OUR_FIRST_LINE}\n[api]\nurl = "{state.url}"\n'
            private.write_text(text, encoding="utf-8")


def names_server(state: Installation) -> bool:
    """Whether the project's prefect.toml sends `prefect` to this server."""
    file = _prefect_toml(state)
    return file.exists() and f'"{state.url}"' in file.read_text(encoding="utf-8")


def remove_prefect_toml(state: Installation) -> None:
    """Remove what `write_prefect_toml` wrote."""
    file = _prefect_toml(state)
    if names_server(state) and _is_ours(file):
        file.unlink()


def _prefect_toml(state: Installation) -> Path:
    return state.project / "prefect.toml"


def _is_ours(file: Path) -> bool:
    return file.read_text(encoding="utf-8").startswith(OUR_FIRST_LINE)
