"""Values of drivers as columns, and what holds the values of two chunks."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import polars as pl
import pytest

from tasks.data.querying.kinds import column_of
from tasks.data.querying.parts import PartedTable

NIL = UUID(int=7)
EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("values", "kind", "held"),
    [
        ([None, None], "null", [None, None]),
        ([1, None, 3], "int64", [1, None, 3]),
        ([1, 2.5], "double", [1.0, 2.5]),
        ([Decimal("4"), Decimal("5.0")], "int64", [4, 5]),
        ([Decimal("4.5"), None, Decimal("3")], "double", [4.5, None, 3.0]),
        ([2**70, 1], "string", [str(2**70), "1"]),
        ([Decimal(2**70)], "string", [str(2**70)]),
        (["007", None], "string", ["007", None]),
        (["a", 1], "string", ["a", "1"]),
        ([True, False], "bool", [True, False]),
        ([b"ab\xff"], "string", ["ab\\xff"]),
        ([["Drama", None, "War"], []], "string", ["Drama|War", ""]),
        ([NIL], "string", [str(NIL)]),
        ([date(2020, 1, 2)], "date32[day]", [date(2020, 1, 2)]),
        (
            [datetime(2020, 1, 2, 3), datetime(2020, 1, 2, 5, tzinfo=EAST)],
            "timestamp[us, tz=UTC]",
            [datetime(2020, 1, 2, 3, tzinfo=UTC)] * 2,
        ),
    ],
)
def test_values_keep_what_they_are(values, kind, held):
    column = column_of(values)
    assert (str(column.type), column.to_pylist()) == (kind, held)


@pytest.mark.parametrize(
    ("chunks", "held"),
    [
        ([[None], [3], [None], [4]], [None, 3, None, 4]),
        ([[4], [4.5], [5]], [4.0, 4.5, 5.0]),
        ([[12], ["x12"], [None], [7]], ["12", "x12", None, "7"]),
        ([[date(2020, 1, 1)], [datetime(2020, 1, 2)]], [datetime(2020, 1, d) for d in (1, 2)]),
    ],
)
def test_a_later_chunk_widens_what_stands_there(tmp_path, chunks, held):
    with PartedTable(["x"], tmp_path / "part") as parts:
        for values in chunks:
            parts.write([(value,) for value in values])
    column = parts.joined().collect()["x"]
    if column.dtype.is_temporal():
        column = column.dt.replace_time_zone(None)
    assert column.to_list() == held
    assert len(parts.files) <= 2 and isinstance(parts.joined(), pl.LazyFrame)
