"""Labels by which no two cells of a grid are the same row of a table."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.evaluation.cell import Cell
from tasks.settings.settings import flat_options


def distinct(cells: Sequence[Cell]) -> list[Cell]:
    """The cells; those of one label, data set, protocol and model also name what they differ in.

    As in "weighted, reranker rrf". What such a label was before is the cell's `block`.
    """
    alike: dict[tuple[str, ...], list[dict[str, object]]] = defaultdict(list)
    for cell in cells:
        alike[_columns(cell)].append(_flat(flat_options(cell.settings)))
    return [_with_differences(cell, alike[_columns(cell)]) for cell in cells]


def _columns(cell: Cell) -> tuple[str, ...]:
    """The label of a cell, and what tables show in columns of their own."""
    settings = cell.settings
    return cell.label, settings.data, settings.protocol_name, settings.method.model


def _with_differences(cell: Cell, alike: Sequence[dict[str, object]]) -> Cell:
    """The cell labelled by the settings in which those `alike`, of which it is one, differ."""
    own = _flat(flat_options(cell.settings))
    every = dict.fromkeys(name for one in alike for name in one)
    names = [n for n in every if any(one.get(n, ...) != own.get(n, ...) for one in alike)]
    if not names:
        return cell
    words = [f"{re.sub('[._]', ' ', n)} {_text(own[n])}" for n in names if n in own]
    varied = tuple(dict.fromkeys(name.partition(".")[0] for name in names))
    label = ", ".join([cell.label, *words])
    return cell.model_copy(update={"label": label, "block": cell.label, "varied": varied})


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """The values of a table and of those in it, by dotted names."""
    values: dict[str, object] = {}
    for name, value in table.items():
        inner = isinstance(value, Mapping)
        values |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return values


def _text(value: object) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.12g}"
        case list():
            return "+".join(map(str, value)) or "none"
    return "unset" if value is None else str(value)
