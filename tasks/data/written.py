"""How the rows of a file are written, and what to say of one that cannot be read."""

import csv
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError


@dataclass(frozen=True)
class Written:
    """How a table's rows are written, and where: in files of its own, or a plain copy of them.

    Without `has_header` columns are named by their places, from 1. `parts`: all files of a Parquet
    table, where it is more than `path`. `has_rows`: whether the ROW of each stands in it.
    """

    path: Path
    is_parquet: bool
    separator: str = ","
    quote: str | None = '"'
    has_header: bool = True
    parts: tuple[Path, ...] = ()
    has_rows: bool = False

    @classmethod
    def by_name(cls, file: Path) -> "Written":
        """As the file's name has it: Parquet, or CSV."""
        return cls(file, is_parquet=file.suffix == ".parquet")

    @property
    def first(self) -> int:
        """The ROW of the first record."""
        return 1 if self.is_parquet or not self.has_header else 2

    def scan(self) -> pl.LazyFrame:
        """All rows: text from a CSV, else as the files have them."""
        if self.is_parquet:
            files = list(self.parts) or self.path
            return pl.scan_parquet(files, glob=False, hive_partitioning=bool(self.parts))
        return pl.scan_csv(
            self.path,
            separator=self.separator,
            quote_char=self.quote,
            has_header=self.has_header,
            with_column_names=None if self.has_header else _places,
            infer_schema=False,
            glob=False,
        )


def _places(columns: list[str]) -> list[str]:
    return [str(place) for place in range(1, len(columns) + 1)]


def refuse_unreadable(file: Path, how: Written) -> None:
    """Read a whole file, every column of it."""
    try:
        how.scan().select(pl.all().null_count()).collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(file, how, error) from error


def unreadable(file: Path, how: Written, error: Exception) -> BadDataError:
    """The error to raise where reading the file ended in `error`."""
    if how.is_parquet:
        problem, fix = "this is not a whole Parquet file", "Write it again."
    elif isinstance(error, pl.exceptions.NoDataError):
        return BadDataError(file, "the file is empty", "Check the export.")
    else:
        problem, fix = "this is not a CSV file", "Correct the file."
        blamed = _bad_byte(file, how) or _long_row(file, how)
        if blamed is not None:
            return blamed
    return BadDataError(file, f"{problem} ({_first_line(error)})", fix)


def _bad_byte(file: Path, how: Written) -> BadDataError | None:
    raw = how.path.read_bytes()
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


def _long_row(file: Path, how: Written) -> BadDataError | None:
    with how.path.open(encoding="utf-8", newline="") as lines:
        records = csv.reader(lines, delimiter=how.separator, quoting=0 if how.quote else 3)
        width = len(next(records))
        for row, record in enumerate(records, start=2):
            if len(record) > width:
                first = "header" if how.has_header else "first"
                problem = f"the row has {len(record)} fields, the {first} {width}"
                fix = 'Put fields that contain a comma in "quotes".'
                return BadDataError(file, problem, fix, row=row)
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
