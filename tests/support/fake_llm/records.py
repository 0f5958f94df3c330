"""State on disk, one JSON file per object, so that it survives the server."""

import json
from pathlib import Path
from typing import Any

Object = dict[str, Any]
"""An object of OpenAI's API, or a record around one, as JSON has it."""


def save(path: Path, value: Object) -> None:
    """Write as a whole or not at all."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value))
    new.replace(path)


def load(path: Path) -> Object | None:
    if not path.exists():
        return None
    value: Object = json.loads(path.read_text())
    return value


def recorded(folder: Path) -> list[Object]:
    """Every batch, with what the server notes beside it, oldest first."""
    records = (load(path) for path in folder.glob("*.json"))
    return sorted((record for record in records if record), key=lambda record: record["order"])
