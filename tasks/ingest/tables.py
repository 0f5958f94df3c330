"""Raw tables as readers give them, and the reading of one CSV or Parquet file into text columns."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from tasks.errors import BadDataError
from tasks.vocabulary import DatasetInfo

ROW = "_row"
"""Where a record stood in its file, counted as a spreadsheet does: a CSV's header is row 1."""


@dataclass(frozen=True)
class Table:
    """One file's records with a ROW column; types are still as the file had them.

    `theirs` maps our column names to the file's own, for messages. `later`: other files whose
    records follow, each with the number that was added to its ROWs.
    """

    file: Path
    frame: pl.DataFrame
    theirs: Mapping[str, str] = field(default_factory=dict)
    later: tuple[tuple[Path, int], ...] = ()

    def bad(self, problem: str, fix: str, column: str, row: object = None) -> BadDataError:
        """The error to raise for a value of one of our columns."""
        file, place = self.file, row if isinstance(row, int) else None
        if place is not None:
            began = [(f, added) for f, added in self.later if added < place]
            file, added = began[-1] if began else (file, 0)
            place -= added
        name = self.theirs.get(column, column)
        return BadDataError(file, problem, fix, row=place, column=name)

    def having(self, frame: pl.DataFrame) -> "Table":
        """The same file with other records."""
        return replace(self, frame=frame)


@dataclass(frozen=True)
class RawTables:
    """A source as read, before any check.

    What `info` could not know is named in `unknown`; `dropped` counts what the reader left out.
    """

    info: DatasetInfo
    ratings: Table
    items: Table
    tags: Table | None = None
    unknown: frozenset[str] = frozenset()
    dropped: Mapping[str, int] = field(default_factory=dict)


def read_table(file: Path, names: dict[str, str], optional: frozenset[str] = frozenset()) -> Table:
    """Read a CSV (as text) or Parquet file and give its columns our names.

    `names` maps the file's column names to ours; other columns are ignored, `optional` ones may
    be absent. Raises BadDataError when the file is missing, empty, not UTF-8, malformed, or
    lacks a column.
    """
    if not file.is_file():
        raise BadDataError(file, "the file is missing", "Put it there, or check --data.")
    frame = _read_parquet(file) if file.suffix == ".parquet" else _read_csv(file)
    for name, ours in names.items():
        if name not in frame.columns and ours not in optional:
            raise BadDataError(
                file,
                f"the column is missing (found: {', '.join(frame.columns)})",
                "Add it, or rename the one that holds it.",
                column=name,
            )
    if frame.is_empty():
        raise BadDataError(file, "there are no rows", "Check that the export was complete.")
    present = {name: ours for name, ours in names.items() if name in frame.columns}
    first = 1 if file.suffix == ".parquet" else 2
    named = frame.select(present.keys()).rename(present)
    theirs = {ours: name for name, ours in present.items()}
    return Table(file, named.with_row_index(ROW, offset=first), theirs)


def arrivals(folder: Path) -> list[Path]:
    """Files of ratings that arrived later: all of the folder `ratings`, in the order of names."""
    found = (folder / "ratings").glob("*")
    return sorted(file for file in found if file.suffix in {".csv", ".parquet"})


def read_ratings(
    file: Path, names: dict[str, str], optional: frozenset[str] = frozenset()
) -> Table:
    """As `read_table`, with the rows of all `arrivals` beside the file after its own.

    They must have every column of ours that the file has, so that time tells which row is later.
    """
    table = read_table(file, names, optional)
    for arrival in arrivals(file.parent):
        missing = frozenset(names.values()) - set(table.frame.columns)
        table = _followed_by(table, read_table(arrival, names, missing))
    return table


def _followed_by(table: Table, more: Table) -> Table:
    added = int(table.frame[ROW].max())  # type: ignore[arg-type]
    extra = more.frame.select(table.frame.columns).with_columns(pl.col(ROW) + added)
    own = table.frame
    if own.schema != extra.schema:  # text from a CSV, numbers from Parquet
        own, extra = (rows.with_columns(pl.exclude(ROW).cast(pl.String)) for rows in (own, extra))
    later = (*table.later, (more.file, added))
    return replace(table, frame=pl.concat([own, extra]), later=later)


def _read_parquet(file: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(file, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadDataError(
            file, f"this is not a whole Parquet file ({_first_line(error)})", "Write it again."
        ) from error


def _read_csv(file: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(file, infer_schema=False, glob=False)
    except pl.exceptions.NoDataError as error:
        raise BadDataError(file, "the file is empty", "Check the export.") from error
    except pl.exceptions.PolarsError as error:
        _blame_encoding(file)
        _blame_row(file)
        raise BadDataError(
            file, f"this is not a CSV file ({_first_line(error)})", "Correct the file."
        ) from error


def _blame_encoding(file: Path) -> None:
    raw = file.read_bytes()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        start = raw.rfind(b"\n", 0, error.start) + 1
        raise BadDataError(
            file,
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            "Save the file as UTF-8 (for example: iconv -f latin1 -t utf-8).",
            row=sum(1 for _ in csv.reader(_lines(raw[: error.start]))),
            column=_column_at(raw, raw[start : error.start]),
        ) from error


def _lines(raw: bytes) -> list[str]:
    """Lines with their ends; one more character stands for the byte that could not be read."""
    return (raw.decode("utf-8") + "?").splitlines(keepends=True)


def _column_at(raw: bytes, line_before: bytes) -> str:
    header = raw.split(b"\n", 1)[0].decode("utf-8", "replace").strip().split(",")
    fields = next(csv.reader([line_before.decode("utf-8", "replace")]), [""])
    return header[min(max(len(fields), 1), len(header)) - 1]


def _blame_row(file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as lines:
        records = csv.reader(lines)
        width = len(next(records))
        for row, record in enumerate(records, start=2):
            if len(record) > width:
                raise BadDataError(
                    file,
                    f"the row has {len(record)} fields, the header {width}",
                    'Put fields that contain a comma in "quotes".',
                    row=row,
                )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
