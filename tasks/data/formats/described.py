"""What dataset.toml says of a data set, and what is taken where it says nothing."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.core.addresses import Address
from tasks.core.errors import BadDataError, SettingsError
from tasks.core.vocabulary import DatasetInfo
from tasks.data.formats.names import NAMED

DESCRIPTION_FILE = "dataset.toml"

DEFAULTS: Mapping[str, Any] = {
    "noun": "item",
    "noun_plural": "items",
    "scale": (0.0, 0.0),
    "relevant_at": 0.0,
    "source": "unknown",
    "terms": "unknown",
}


class Statements(BaseModel):
    """SQL that gives the ratings, and items and tags where there are any."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ratings: str = Field(min_length=1)
    items: str | None = Field(None, min_length=1)
    tags: str | None = Field(None, min_length=1)


class Described(BaseModel):
    """The entries of dataset.toml: those of DatasetInfo in `info`, and how files are to be read.

    `columns`: by our column the file's own. `ratings`, `items`: which files these are. `data`: the
    database that `queries` ask instead. `implicit`: every row counts 1, whatever its rating.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path
    info: dict[str, Any]
    columns: dict[str, str] = {}
    ratings: str | None = None
    items: str | None = None
    data: str | None = None
    queries: Statements | None = None
    implicit: bool = False

    @property
    def database(self) -> Address | None:
        """Where the queries are asked; None for a data set of files."""
        return None if self.data is None else Address(address=self.data)

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
    _check_queries(described)
    return described


_OWN = ("columns", "ratings", "items", "data", "queries", "implicit")


def _check_queries(described: Described) -> None:
    """Raise BadDataError where the database or its queries are missing, or beside named files."""
    file, form = described.file, 'It takes data = "postgresql://host/database" and [queries].'
    if described.database is None and described.queries is not None:
        raise BadDataError(file, "there are queries and no database", form, column="data")
    if described.database is None:
        return
    if described.queries is None:
        fix = 'Add [queries] with ratings = "SELECT ..." and perhaps items.'
        raise BadDataError(file, "there is a database and no query", fix, column="queries")
    for name in ("ratings", "items"):
        if getattr(described, name) is not None:
            problem = "a file is named beside a database"
            raise BadDataError(file, problem, "Keep one of them.", column=name)
    try:
        described.database.refuse_secrets()
    except SettingsError as error:
        raise BadDataError(file, error.what.rstrip("."), error.fix, column="data") from None


def check_columns(columns: Mapping[str, str], file: Path) -> None:
    """Raise BadDataError where columns are named that are not ours."""
    for name in columns.keys() - NAMED.keys():
        fix = f"It knows {', '.join(NAMED)}."
        raise BadDataError(file, f"there is no column '{name}' to name", fix, column="columns")


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDataError(file, f"this is not valid TOML ({error})", "Correct it.") from error
