"""What dataset.toml says of a data set, and what is taken where it says nothing."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import DatasetInfo
from tasks.data.formats.names import AVAILABILITY, DESCRIBED, RATED

DESCRIPTION_FILE = "dataset.toml"

DEFAULTS: Mapping[str, Any] = {
    "noun": "item",
    "noun_plural": "items",
    "scale": (0.0, 0.0),
    "relevant_at": 0.0,
    "source": "unknown",
    "terms": "unknown",
}


class Described(BaseModel):
    """The entries of dataset.toml: those of DatasetInfo in `info`, and how files are to be read.

    `columns`: by our column the file's own. `ratings`, `items`: which files these are.
    `implicit`: every row counts 1, whatever its rating.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path
    info: dict[str, Any]
    columns: dict[str, str] = {}
    ratings: str | None = None
    items: str | None = None
    implicit: bool = False

    def completed(
        self, name: str, known: Mapping[str, object]
    ) -> tuple[DatasetInfo, frozenset[str]]:
        """The whole of it over what is `known` of the format; and what only ratings can tell."""
        told = {**known, **self.info}
        try:
            info = DatasetInfo.model_validate({**DEFAULTS, "name": name, **told})
        except ValidationError as error:
            raise self._invalid(error) from error
        low, high = info.scale
        if "scale" in told and not (low < high and math.isfinite(high - low)):
            raise self._wrong("scale", "the scale must be [lowest, highest]")
        if {"scale", "relevant_at"} <= told.keys() and not low <= info.relevant_at <= high:
            raise self._wrong("relevant_at", f"{info.relevant_at:g} is off the scale")
        return info, frozenset({"scale", "relevant_at"} - told.keys())

    def _invalid(self, error: ValidationError) -> BadDataError:
        first = error.errors()[0]
        return self._wrong(".".join(map(str, first["loc"])), first["msg"])

    def _wrong(self, column: str, problem: str) -> BadDataError:
        return BadDataError(self.file, problem, "Correct the entry.", column=column)


def described_in(folder: Path) -> Described:
    """What the folder's dataset.toml says; nothing where there is none."""
    file = folder / DESCRIPTION_FILE
    entries = _read_toml(file) if file.is_file() else {}
    own = {name: entries.pop(name) for name in _OWN if name in entries}
    try:
        described = Described(file=file, info=entries, **own)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise BadDataError(file, first["msg"], "Correct the entry.", column=key) from error
    check_columns(described.columns, file)
    return described


_OWN = ("columns", "ratings", "items", "implicit")


def check_columns(columns: Mapping[str, str], file: Path) -> None:
    """Raise BadDataError where columns are named that are not ours."""
    known = {**RATED, **DESCRIBED, **AVAILABILITY}
    for name in columns.keys() - known.keys():
        fix = f"It knows {', '.join(known)}."
        raise BadDataError(file, f"there is no column '{name}' to name", fix, column="columns")


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDataError(file, f"this is not valid TOML ({error})", "Correct it.") from error
