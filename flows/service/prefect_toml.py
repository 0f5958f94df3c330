"""The file by which `prefect` finds the server without an export, in the project's folder."""

from pathlib import Path

from flows.service.state import State
from tasks.core.files import replacing

FIRST = "# Written by `palate up`; `palate down` removes it."


def write(state: State) -> None:
    """Write it, unless there is one that somebody else wrote."""
    file = _file(state.project)
    if file.exists() and not _ours(file):
        return
    with replacing(file) as private:
        private.write_text(f'{FIRST}\n[api]\nurl = "{state.url}"\n', encoding="utf-8")


def names_server(state: State) -> bool:
    """Whether the folder's file sends `prefect` to this server."""
    file = _file(state.project)
    return file.exists() and f'"{state.url}"' in file.read_text(encoding="utf-8")


def remove(state: State) -> None:
    """Remove what `write` wrote."""
    file = _file(state.project)
    if names_server(state) and _ours(file):
        file.unlink()


def _file(project: Path) -> Path:
    return project / "prefect.toml"


def _ours(file: Path) -> bool:
    return file.read_text(encoding="utf-8").startswith(FIRST)
