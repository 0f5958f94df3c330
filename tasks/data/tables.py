"""Raw tables as readers give them, and the reading of CSV or Parquet files into them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from tasks.core.errors import BadDataError
from tasks.core.vocabulary import YEAR, DatasetInfo
from tasks.data.dropped import Rows
from tasks.data.written import Written, refuse_unreadable, unreadable

ROW = "_row"
"""Where a record stood in its file, counted as a spreadsheet does: a CSV's header is row 1."""


@dataclass(frozen=True)
class Table:
    """One file's records with a ROW column; types are still as the file had them.

    A large file's `rows` are lazy: each question to them reads the file anew, and never keeps it.
    `theirs` maps our column names to the file's own, for messages. `later`: other files whose
    records follow, each with the number that was added to its ROWs. `written`: of files that are
    not as their names have it, how they are written.
    """

    file: Path
    rows: pl.DataFrame | pl.LazyFrame
    theirs: Mapping[str, str] = field(default_factory=dict)
    later: tuple[tuple[Path, int], ...] = ()
    written: Mapping[Path, Written] = field(default_factory=dict)

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
                refuse_unreadable(file, self.written.get(file) or Written.by_name(file))
            raise

    def bad(self, problem: str, fix: str, column: str, row: object = None) -> BadDataError:
        """The error to raise for a value of one of our columns."""
        file, place = self._place(row) if isinstance(row, int) else (self.file, None)
        name = self.theirs.get(column, column)
        return BadDataError(file, problem, fix, row=place, column=name)

    def shown(self, row: int | None, *columns: str) -> str:
        """Where a record stands and what it has there: "ratings.csv, row 3: user 1, item 10".

        Nothing where there is no such record.
        """
        if row is None:
            return ""
        file, place = self._place(row)
        record = self.collect(self.rows.lazy().filter(pl.col(ROW) == row)).row(0, named=True)
        values = ", ".join(f"{name} {record[name]}" for name in columns)
        return f"{file.name}, row {place}" + (f": {values}" if values else "")

    def counted(self, rows: pl.Series, *columns: str) -> Rows:
        """The records at these ROWs: how many, and the first of them with some of its columns."""
        first = rows.min()
        return Rows(len(rows), self.shown(first if isinstance(first, int) else None, *columns))

    def _place(self, row: int) -> tuple[Path, int]:
        """The file in which a record stands, and its row there."""
        began = [(file, added) for file, added in self.later if added < row]
        file, added = began[-1] if began else (self.file, 0)
        return file, row - added

    def having(self, rows: pl.DataFrame | pl.LazyFrame) -> "Table":
        """The same file with other records, in memory if these are."""
        if isinstance(self.rows, pl.DataFrame) and isinstance(rows, pl.LazyFrame):
            rows = rows.collect()
        return replace(self, rows=rows)


@dataclass(frozen=True)
class RawTables:
    """A source as read, before any check.

    What `info` could not know is named in `unknown`; `dropped` counts what the reader left out.
    `remarks` say what was recognised and inferred, a line each.
    """

    info: DatasetInfo
    ratings: Table
    items: Table
    tags: Table | None = None
    unknown: frozenset[str] = frozenset()
    dropped: Mapping[str, Rows] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_table(file: Path, names: dict[str, str], optional: frozenset[str] = frozenset()) -> Table:
    """Read a CSV (as text) or Parquet file and give its columns our names.

    `names` maps the file's column names to ours; other columns are ignored, `optional` ones may
    be absent. Raises BadDataError when the file is missing, empty, not UTF-8, malformed, or
    lacks a column.
    """
    table = scan_table(file, names, optional)
    return replace(table, rows=table.frame)


def scan_table(
    file: Path,
    names: Mapping[str, str],
    optional: frozenset[str] = frozenset(),
    written: Written | None = None,
) -> Table:
    """As `read_table`, but the rows stay in the file: what is malformed shows when they are read.

    In a column of no interest it would not show then, so a file that has such is read once now.
    `written`: how the file is, unless its name says so.
    """
    how = written or Written.by_name(file)
    if written is None and not file.is_file():
        raise BadDataError(file, "the file is missing", "Put it there, or check --data.")
    rows = how.scan()
    columns = _columns(file, how, rows)
    for name, ours in names.items():
        if name not in columns and ours not in optional:
            raise BadDataError(
                file,
                f"the column is missing (found: {', '.join(columns)})",
                "Add it, or name the one that holds it: --columns OURS=THEIRS.",
                column=name,
            )
    if not set(columns) <= names.keys() and not how.has_rows:
        refuse_unreadable(file, how)
    present = {name: ours for name, ours in names.items() if name in columns}
    kept = [ROW] if how.has_rows else []
    named = _plain_kinds(rows.select(*kept, *present.keys()).rename(present))
    if not how.has_rows:
        named = named.with_row_index(ROW, offset=how.first)
    theirs = {ours: name for name, ours in present.items()}
    table = Table(file, named, theirs, written={} if written is None else {file: how})
    if table.collect(named.head(1)).is_empty():
        raise BadDataError(file, "there are no rows", "Check that the export was complete.")
    return table


def _plain_kinds(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Values of a Parquet file as text, numbers, and times in seconds since 1970."""
    plain = []
    for name, kind in rows.collect_schema().items():
        column = pl.col(name)
        if isinstance(kind, pl.Categorical | pl.Enum):
            plain.append(column.cast(pl.String))
        elif isinstance(kind, pl.Decimal):
            plain.append(column.cast(pl.Float64 if kind.scale else pl.Int64))
        elif isinstance(kind, pl.Date | pl.Datetime):
            plain.append(column.dt.year() if name == YEAR else column.dt.epoch("s"))
    return rows.with_columns(plain)


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
        table = followed_by(table, scan_table(arrival, names, missing))
    return table


def followed_by(table: Table, more: Table) -> Table:
    """Both tables' records, the second's after the first's."""
    (added,) = table.ask(pl.col(ROW).max())
    own, extra = table.rows.lazy(), more.rows.lazy().select(table.schema.keys())
    extra = extra.with_columns(pl.col(ROW) + pl.lit(added, pl.UInt32))
    if table.schema != extra.collect_schema():  # text from a CSV, numbers from Parquet
        own, extra = (rows.with_columns(pl.exclude(ROW).cast(pl.String)) for rows in (own, extra))
    later = (*table.later, (more.file, added))
    written = {**table.written, **more.written}
    return replace(table, rows=pl.concat([own, extra]), later=later, written=written)


def _columns(file: Path, how: Written, rows: pl.LazyFrame) -> Sequence[str]:
    try:
        return rows.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(file, how, error) from error
