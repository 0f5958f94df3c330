"""Raw tables as readers give them, and the reading of CSV or Parquet files into them."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import DatasetInfo

ROW = "_row"
"""Where a record stood in its file, counted as a spreadsheet does: a CSV's header is row 1."""


@dataclass(frozen=True)
class Table:
    """One file's records with a ROW column; types are still as the file had them.

    A large file's `rows` are lazy: each question to them reads the file anew, and never keeps it.
    `theirs` maps our column names to the file's own, for messages. `later`: other files whose
    records follow, each with the number that was added to its ROWs.
    """

    file: Path
    rows: pl.DataFrame | pl.LazyFrame
    theirs: Mapping[str, str] = field(default_factory=dict)
    later: tuple[tuple[Path, int], ...] = ()

    @property
    def frame(self) -> pl.DataFrame:
        """All records, in memory."""
        return self.rows if isinstance(self.rows, pl.DataFrame) else self.collect(self.rows)

    @property
    def schema(self) -> pl.Schema:
        """Columns and their types."""
        return self.rows.collect_schema()

    def ask(self, *questions: pl.Expr) -> tuple[Any, ...]:
        """The answers to several questions about the records, out of one reading."""
        named = [question.alias(str(place)) for place, question in enumerate(questions)]
        return self.collect(self.rows.lazy().select(named)).row(0)

    def collect(self, query: pl.LazyFrame) -> pl.DataFrame:
        """What a query of these records gives; BadDataError where a file cannot be read."""
        try:
            return query.collect(engine="streaming")
        except (pl.exceptions.PolarsError, OSError):
            for file in (self.file, *(later for later, _ in self.later)):
                _refuse_unreadable(file)
            raise

    def bad(self, problem: str, fix: str, column: str, row: object = None) -> BadDataError:
        """The error to raise for a value of one of our columns."""
        file, place = self.file, row if isinstance(row, int) else None
        if place is not None:
            began = [(f, added) for f, added in self.later if added < place]
            file, added = began[-1] if began else (file, 0)
            place -= added
        name = self.theirs.get(column, column)
        return BadDataError(file, problem, fix, row=place, column=name)

    def having(self, rows: pl.DataFrame | pl.LazyFrame) -> "Table":
        """The same file with other records, in memory if these are."""
        if isinstance(self.rows, pl.DataFrame) and isinstance(rows, pl.LazyFrame):
            rows = rows.collect()
        return replace(self, rows=rows)


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
    table = scan_table(file, names, optional)
    return replace(table, rows=table.frame)


def scan_table(file: Path, names: dict[str, str], optional: frozenset[str] = frozenset()) -> Table:
    """As `read_table`, but the rows stay in the file: what is malformed shows when they are read.

    In a column of no interest it would not show then, so a file that has such is read once now.
    """
    if not file.is_file():
        raise BadDataError(file, "the file is missing", "Put it there, or check --data.")
    rows = _scan(file)
    columns = _columns(file, rows)
    for name, ours in names.items():
        if name not in columns and ours not in optional:
            raise BadDataError(
                file,
                f"the column is missing (found: {', '.join(columns)})",
                "Add it, or rename the one that holds it.",
                column=name,
            )
    if not set(columns) <= names.keys():
        _refuse_unreadable(file)
    present = {name: ours for name, ours in names.items() if name in columns}
    first = 1 if file.suffix == ".parquet" else 2
    named = rows.select(present.keys()).rename(present).with_row_index(ROW, offset=first)
    table = Table(file, named, {ours: name for name, ours in present.items()})
    if table.collect(named.head(1)).is_empty():
        raise BadDataError(file, "there are no rows", "Check that the export was complete.")
    return table


def arrivals(folder: Path) -> list[Path]:
    """Files of ratings that arrived later: all of the folder `ratings`, in the order of names."""
    files = (folder / "ratings").glob("*")
    return sorted(file for file in files if file.suffix in {".csv", ".parquet"})


def read_ratings(
    file: Path, names: dict[str, str], optional: frozenset[str] = frozenset()
) -> Table:
    """As `scan_table`, with the rows of all `arrivals` beside the file after its own.

    They must have every column of ours that the file has, so that time tells which row is later.
    """
    table = scan_table(file, names, optional)
    for arrival in arrivals(file.parent):
        missing = frozenset(names.values()) - table.schema.keys()
        table = _followed_by(table, scan_table(arrival, names, missing))
    return table


def _followed_by(table: Table, more: Table) -> Table:
    (added,) = table.ask(pl.col(ROW).max())
    own, extra = table.rows.lazy(), more.rows.lazy().select(table.schema.keys())
    extra = extra.with_columns(pl.col(ROW) + pl.lit(added, pl.UInt32))
    if table.schema != extra.collect_schema():  # text from a CSV, numbers from Parquet
        own, extra = (rows.with_columns(pl.exclude(ROW).cast(pl.String)) for rows in (own, extra))
    later = (*table.later, (more.file, added))
    return replace(table, rows=pl.concat([own, extra]), later=later)


def _scan(file: Path) -> pl.LazyFrame:
    if file.suffix == ".parquet":
        return pl.scan_parquet(file, glob=False)
    return pl.scan_csv(file, infer_schema=False, glob=False)


def _columns(file: Path, rows: pl.LazyFrame) -> Sequence[str]:
    try:
        return rows.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(file, error) from error


def _refuse_unreadable(file: Path) -> None:
    """Read a whole file, every column of it."""
    try:
        _scan(file).select(pl.all().null_count()).collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(file, error) from error


def unreadable(file: Path, error: Exception) -> BadDataError:
    """The error to raise where reading the file ended in `error`."""
    if file.suffix == ".parquet":
        problem, fix = "this is not a whole Parquet file", "Write it again."
    elif isinstance(error, pl.exceptions.NoDataError):
        return BadDataError(file, "the file is empty", "Check the export.")
    else:
        problem, fix = "this is not a CSV file", "Correct the file."
        blamed = _bad_byte(file) or _long_row(file)
        if blamed is not None:
            return blamed
    return BadDataError(file, f"{problem} ({_first_line(error)})", fix)


def _bad_byte(file: Path) -> BadDataError | None:
    raw = file.read_bytes()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        start = raw.rfind(b"\n", 0, error.start) + 1
        return BadDataError(
            file,
            f"byte 0x{raw[error.start]:02x} is not UTF-8",
            "Save the file as UTF-8 (for example: iconv -f latin1 -t utf-8).",
            row=sum(1 for _ in csv.reader(_lines(raw[: error.start]))),
            column=_column_at(raw, raw[start : error.start]),
        )
    return None


def _lines(raw: bytes) -> list[str]:
    """Lines with their ends; one more character stands for the byte that could not be read."""
    return (raw.decode("utf-8") + "?").splitlines(keepends=True)


def _column_at(raw: bytes, line_before: bytes) -> str:
    header = raw.split(b"\n", 1)[0].decode("utf-8", "replace").strip().split(",")
    fields = next(csv.reader([line_before.decode("utf-8", "replace")]), [""])
    return header[min(max(len(fields), 1), len(header)) - 1]


def _long_row(file: Path) -> BadDataError | None:
    with file.open(encoding="utf-8", newline="") as lines:
        records = csv.reader(lines)
        width = len(next(records))
        for row, record in enumerate(records, start=2):
            if len(record) > width:
                problem = f"the row has {len(record)} fields, the header {width}"
                fix = 'Put fields that contain a comma in "quotes".'
                return BadDataError(file, problem, fix, row=row)
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
