"""What to say of a file that cannot be read at all: which byte or row of it is to blame."""

import csv
from pathlib import Path

import polars as pl

from tasks.core.errors import BadDataError


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
