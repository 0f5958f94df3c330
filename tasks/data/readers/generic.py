"""The generic folder: ratings and items as Parquet or CSV, and an optional dataset.toml."""

import math
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import ITEM, RATING, TIMESTAMP, TITLE, USER, DatasetInfo
from tasks.data.columns import ITEM_COLUMNS
from tasks.data.tables import RawTables, arrivals, read_ratings, read_table

DESCRIPTION_FILE = "dataset.toml"
_SUFFIXES = (".parquet", ".csv")

DEFAULTS: dict[str, Any] = {
    "noun": "item",
    "noun_plural": "items",
    "scale": (0.0, 0.0),
    "relevant_at": 0.0,
    "source": "unknown",
    "terms": "unknown",
}


def recognises(folder: Path) -> bool:
    """Whether the folder holds ratings.parquet or ratings.csv."""
    return _find(folder, "ratings") is not None


def files(folder: Path) -> list[Path]:
    """The files that decide what `read` gives."""
    named = [_find(folder, "ratings"), _find(folder, "items"), folder / DESCRIPTION_FILE]
    return [file for file in named if file is not None and file.is_file()] + arrivals(folder)


def read(folder: Path) -> RawTables:
    """Read the folder; without a dataset.toml the scale is taken from the ratings themselves."""
    ratings = read_ratings(
        _find(folder, "ratings") or folder / "ratings.parquet",
        {name: name for name in (USER, ITEM, RATING, TIMESTAMP)},
        optional=frozenset({TIMESTAMP}),
    )
    items = read_table(
        _find(folder, "items") or folder / "items.parquet",
        {name: name for name in (ITEM, *ITEM_COLUMNS)},
        optional=frozenset(ITEM_COLUMNS) - {TITLE},
    )
    info, unknown = _describe(folder)
    return RawTables(info, ratings, items, unknown=unknown)


def _find(folder: Path, stem: str) -> Path | None:
    candidates = (folder / f"{stem}{suffix}" for suffix in _SUFFIXES)
    return next((file for file in candidates if file.is_file()), None)


def _describe(folder: Path) -> tuple[DatasetInfo, frozenset[str]]:
    """What dataset.toml says, and which of the fields only the ratings can tell."""
    file = folder / DESCRIPTION_FILE
    entries = _read_toml(file) if file.is_file() else {}
    try:
        info = DatasetInfo.model_validate(DEFAULTS | {"name": folder.name} | entries)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadDataError(file, first["msg"], "Correct the entry.", column=key) from error
    low, high = info.scale
    if "scale" in entries and not (low < high and math.isfinite(high - low)):
        problem = "the scale must be [lowest, highest]"
        raise BadDataError(file, problem, "Correct the entry.", column="scale")
    if {"scale", "relevant_at"} <= entries.keys() and not low <= info.relevant_at <= high:
        problem = f"{info.relevant_at:g} is off the scale"
        raise BadDataError(file, problem, "Correct the entry.", column="relevant_at")
    return info, frozenset({"scale", "relevant_at"} - entries.keys())


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDataError(file, f"this is not valid TOML ({error})", "Correct it.") from error
