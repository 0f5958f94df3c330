"""Rows of a query for programs: written batch by batch, so that a large answer fits any memory."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from typing import BinaryIO, Literal

import polars as pl
from pyarrow.parquet import ParquetWriter

from tasks.core.errors import SettingsError
from tasks.core.files import replacing

Format = Literal["csv", "json", "parquet"]


@contextmanager
def opened(out: Path | None) -> Iterator[BinaryIO]:
    """The file, which appears whole or not at all; stdout without one.

    A reader of stdout that has seen enough, such as `head`, ends the command without an error.
    """
    if out is not None:
        with replacing(out) as private, private.open("wb") as file:
            yield file
        return
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_rows(batches: Iterator[pl.DataFrame], how: Format, out: BinaryIO) -> None:
    """Write every row; the first batch has the columns and no rows."""
    columns = next(batches)
    if how == "parquet":
        with ParquetWriter(out, columns.to_arrow().schema) as writer:
            for batch in batches:
                writer.write_table(batch.to_arrow())
    elif how == "json":
        _write_json(batches, out)
    else:
        out.write(_flat(columns).write_csv().encode())
        for batch in batches:
            out.write(_flat(batch).write_csv(include_header=False).encode())


def _flat(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with lists and structs, which CSV has not, as JSON."""
    nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
    told = [pl.Series(name, [_json(value) for value in rows[name]], pl.String) for name in nested]
    return rows.with_columns(told)


def _write_json(batches: Iterable[pl.DataFrame], out: BinaryIO) -> None:
    """One array of objects."""
    before = "[\n"
    for batch in batches:
        for row in batch.iter_rows(named=True):
            said = json.dumps(row, default=_plain, ensure_ascii=False, indent=2)
            out.write((before + indent(said, "  ")).encode())
            before = ",\n"
    out.write(b"[]\n" if before == "[\n" else b"\n]\n")


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return value.to_list() if isinstance(value, pl.Series) else str(value)


def check_target(how: str, out: Path | None) -> None:
    """Raises SettingsError where rows of this format cannot go there."""
    if how == "table" and out is not None:
        raise SettingsError(
            f"--out {out}: a table is for the terminal.", "Give --format csv, json or parquet."
        )
    if how == "parquet" and out is None and sys.stdout.isatty():
        raise SettingsError("Parquet is nothing to look at.", "Give --out FILE, or a pipe.")
