"""Rows of a query: as a table on the terminal, or written batch by batch for programs.

It loads polars: commands import it where they print.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from textwrap import indent
from typing import BinaryIO, Literal

import polars as pl
from pyarrow.parquet import ParquetWriter
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from flows.cli.app import console
from tasks.core.errors import SettingsError
from tasks.core.files import replacing

Format = Literal["csv", "json", "parquet"]

MOST_ROWS = 200
WIDEST = 1_000


def show_some(batches: Iterable[pl.DataFrame]) -> None:
    """The first rows of a query as a table, and how many there are."""
    first, total = [], 0
    for batch in batches:
        if total < MOST_ROWS:
            first.append(batch.head(MOST_ROWS - total))
        total += batch.height
    show_table(pl.concat(first))
    if total > MOST_ROWS:
        console.print(f"{MOST_ROWS} of {total:,} rows; --format csv, json or parquet gives all")


def show_table(rows: pl.DataFrame, title: str | None = None) -> None:
    """Fit the terminal; where there is none, as wide as the table is, so that nothing is cut."""
    table = _table(rows, title)
    if console.is_terminal:
        console.print(table)
    else:
        needed = Measurement.get(console, console.options.update(max_width=WIDEST), table).maximum
        Console(width=max(console.width, needed)).print(table)


def _table(rows: pl.DataFrame, title: str | None) -> Table:
    """Cells as plain text: titles are untrusted and may hold rich's markup."""
    table = Table(title=title, title_justify="left")
    for name, kind in rows.schema.items():
        table.add_column(escape(name), justify="right" if kind.is_numeric() else "left")
    for row in rows.iter_rows():
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float | Decimal):
        return f"{value:.4g}"
    return escape(str(value))


def without_blank(rows: pl.DataFrame, *optional: str) -> pl.DataFrame:
    """The rows without those of the optional columns in which no row has a value."""
    return rows.drop(name for name in optional if name in rows.columns and not rows[name].count())


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
    texts = [pl.Series(name, [_json(value) for value in rows[name]], pl.String) for name in nested]
    return rows.with_columns(texts)


def _write_json(batches: Iterable[pl.DataFrame], out: BinaryIO) -> None:
    """One array of objects."""
    before = "[\n"
    for batch in batches:
        for row in batch.iter_rows(named=True):
            text = json.dumps(row, default=_plain, ensure_ascii=False, indent=2)
            out.write((before + indent(text, "  ")).encode())
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
