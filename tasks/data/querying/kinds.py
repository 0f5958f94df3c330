"""Values as drivers of databases give them, as columns of plain kinds that a later chunk may widen.

Text, whole numbers, floats, booleans, days and times (in UTC where they name no zone) stay what
they are; a decimal is a number. What is something else (a UUID, an array, JSON) is read as text.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

NOTHING, WHOLE, NUMBER, TEXT = pa.null(), pa.int64(), pa.float64(), pa.string()
DAY, TIME = pa.date32(), pa.timestamp("us", tz="UTC")

WIDER = {frozenset({WHOLE, NUMBER}): NUMBER, frozenset({DAY, TIME}): TIME}
"""What holds values of both kinds; of all others that is text."""


def widest(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The kind that holds values of both."""
    if other in (one, NOTHING):
        return one
    return other if one == NOTHING else WIDER.get(frozenset({one, other}), TEXT)


def column_of(values: Sequence[Any]) -> pa.Array:
    """Values of one column, null for None, in the narrowest kind that holds all of them."""
    classes = set(map(type, values)) - {type(None)}
    if Decimal in classes and classes <= {int, float, Decimal}:
        values = _numbers(values)
        classes = set(map(type, values)) - {type(None)}
    kind = _kind(classes)
    if kind is not TEXT:
        try:
            return pa.array(values, kind)
        except (pa.ArrowInvalid, OverflowError):  # a number or a time that no column holds
            kind = TEXT
    plain = values if classes <= {str} else [_text(value) for value in values]
    return pa.array(plain, kind)


def _kind(classes: set[type]) -> pa.DataType:
    if not classes:
        return NOTHING
    for of, kind in (({bool}, pa.bool_()), ({int}, WHOLE), ({int, float}, NUMBER)):
        if classes <= of:
            return kind
    if all(issubclass(one, datetime) for one in classes):
        return TIME
    is_day = all(issubclass(one, date) and not issubclass(one, datetime) for one in classes)
    return DAY if is_day else TEXT


def _numbers(values: Sequence[Any]) -> list[int | float | None]:
    """Decimals as whole numbers where all are whole, else as floats."""
    given = [value for value in values if value is not None]
    if all(not isinstance(v, float) and _is_whole(v) for v in given):
        return [None if value is None else int(value) for value in values]
    return [None if value is None else float(value) for value in values]


def _is_whole(value: int | Decimal) -> bool:
    return isinstance(value, int) or (value.is_finite() and value == value.to_integral_value())


def _text(value: object) -> str | None:
    """As people would write it; the members of an array are joined by "|", as genres are."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple | set):
        return "|".join(str(member) for member in value if member is not None)
    return str(value)
