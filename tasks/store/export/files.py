"""Lists as a file: Parquet, JSON lines or CSV, by its ending."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import polars as pl
from pyarrow.parquet import ParquetWriter

from tasks.core.errors import StoreError
from tasks.core.files import replacing
from tasks.core.targets import Target


def write_file(target: Target, batches: Iterator[pl.DataFrame]) -> int:
    """Write every row into the file, which appears whole or not at all; gives their number.

    The first batch has the columns and no rows.
    """
    path = Path(target.address)
    with replacing(path) as private, private.open("wb") as file:
        if path.suffix == ".parquet":
            return _write_parquet(batches, file)
        return _write_text(batches, file, csv=path.suffix == ".csv")


def check_folder(target: Target, file: Path) -> None:
    """Raise StoreError where the file cannot be made or replaced; nothing is written."""
    folder = file.absolute().parent
    if not folder.is_dir():
        raise StoreError(f"{target.shown}: there is no folder {folder}.", "Make it.")
    if not os.access(folder, os.W_OK):
        raise StoreError(f"{target.shown}: {folder} cannot be written to.", "Check its rights.")


def _write_parquet(batches: Iterator[pl.DataFrame], file: BinaryIO) -> int:
    rows = 0
    with ParquetWriter(file, next(batches).to_arrow().schema) as writer:
        for batch in batches:
            writer.write_table(batch.to_arrow())
            rows += batch.height
    return rows


def _write_text(batches: Iterator[pl.DataFrame], file: BinaryIO, *, csv: bool) -> int:
    rows, columns = 0, next(batches)
    if csv:
        file.write(columns.write_csv().encode())
    for batch in batches:
        text = batch.write_csv(include_header=False) if csv else batch.write_ndjson()
        file.write(text.encode())
        rows += batch.height
    return rows
