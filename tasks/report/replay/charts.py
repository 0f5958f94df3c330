"""Plots of a replay: a line per list over the nights, and what probabilities foretold."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tasks.report.charts import svg

Row = Mapping[str, Any]

WIDTH, HEIGHT = 560, 220
COLOURS = ("var(--accent)", "var(--muted)", "var(--good)", "var(--bad)", "var(--star)")
DASHES = ([1, 0], [4, 3], [1, 2], [8, 4])
"""Lists beyond the colours differ by their line."""


def lines(rows: Sequence[Row]) -> Markup:
    """A line per `list` over the days, of `value`; nothing of fewer than two nights."""
    if len({row["day"] for row in rows}) < 2:
        return Markup()
    lists = list(dict.fromkeys(row["list"] for row in rows))
    colours = [COLOURS[n % len(COLOURS)] for n in range(len(lists))]
    dashes = [DASHES[n // len(COLOURS) % len(DASHES)] for n in range(len(lists))]
    values = [{name: row[name] for name in ("day", "list", "value")} for row in rows]
    encoding = {
        "x": {
            **{"field": "day", "type": "ordinal", "title": None},
            "axis": {"labelAngle": 0, "grid": False},
        },
        "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"tickCount": 5}},
        "color": {
            **{"field": "list", "type": "nominal", "scale": {"domain": lists, "range": colours}},
            "legend": {"columns": 2, "labelLimit": 260},
        },
        "strokeDash": {
            **{"field": "list", "type": "nominal", "legend": None},
            "scale": {"domain": lists, "range": dashes},
        },
    }
    mark = {"type": "line", "point": {"filled": True, "size": 45}, "strokeWidth": 2}
    spec = {"data": {"values": values}, "mark": mark, "encoding": encoding}
    return svg(spec | {"height": HEIGHT, "width": WIDTH})


def reliability(rows: Sequence[Row]) -> Markup:
    """What share came true by what was foretold, beside the line where both are equal."""
    if not rows:
        return Markup()
    values = [{name: row[name] for name in ("foretold", "happened")} for row in rows]
    highest = max(max(row["foretold"], row["happened"]) for row in rows)
    ends = [{"foretold": at, "happened": at} for at in (0.0, highest)]
    encoding = {
        "x": {"field": "foretold", "type": "quantitative", "title": "foretold"},
        "y": {"field": "happened", "type": "quantitative", "title": "happened"},
    }
    even = {"data": {"values": ends}, "mark": {"type": "line", "color": "var(--line)"}}
    points = {
        "data": {"values": values},
        "mark": {"type": "line", "color": "var(--accent)", "point": {"filled": True, "size": 45}},
    }
    layers = [layer | {"encoding": encoding} for layer in (even, points)]
    return svg({"layer": layers, "height": HEIGHT, "width": HEIGHT})
