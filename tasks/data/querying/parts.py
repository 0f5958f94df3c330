"""A table that is written before all of its kinds are known: a new file wherever one widens."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from tasks.data.querying.kinds import NOTHING, column_of, widest


class PartedTable(AbstractContextManager["PartedTable"]):
    """Files named `stem`*, one after the other; the last has the kinds that hold every row."""

    def __init__(self, names: Sequence[str], stem: Path) -> None:
        self.files: list[Path] = []
        self._names, self._stem = names, stem
        self._kinds: list[pa.DataType] = [NOTHING] * len(names)
        self._writer: ParquetWriter | None = None

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        """Append rows."""
        columns = [column_of(values) for values in zip(*rows, strict=True)]
        kinds = [widest(k, c.type) for k, c in zip(self._kinds, columns, strict=True)]
        schema = pa.schema(list(zip(self._names, kinds, strict=True)))
        if self._writer is None or kinds != self._kinds:
            self._kinds, self._writer = kinds, self._begun(schema)
        cast = [column.cast(kind) for column, kind in zip(columns, kinds, strict=True)]
        self._writer.write_table(pa.table(cast, schema=schema))

    def joined(self) -> pl.LazyFrame:
        """All rows in their order."""
        parts = [pl.scan_parquet(file, glob=False) for file in self.files]
        schema = parts[-1].collect_schema()
        return pl.concat([part.cast(schema) for part in parts])

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def _begun(self, schema: pa.Schema) -> ParquetWriter:
        if self._writer is not None:
            self._writer.close()
        file = self._stem.with_name(f"{self._stem.name}.{len(self.files)}.tmp")
        self.files.append(file)
        return ParquetWriter(file, schema, compression="lz4")
