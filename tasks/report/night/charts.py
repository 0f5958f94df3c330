"""Plots of a night, as SVG that takes its colours from the page, so that light and dark both fit.

The specifications are Vega-Lite's, written out: importing Altair would take longer than all else
that a page takes. SVG instead of scripts that draw: those would add 0.9 MB to each page.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from tasks.report.charts import Spec, svg
from tasks.report.text import tone

Row = Mapping[str, Any]

ROW_HEIGHT, HEIGHT = 30, 110
BINS = 24
TONES = {"good": "var(--good)", "bad": "var(--bad)", "plain": "var(--muted)"}


def intervals(rows: Sequence[Row]) -> Markup:
    """Differences by `name`, each with its interval, against a line at 0; nothing without any."""
    values = [_interval(row) for row in rows if row["difference"] is not None]
    if not values:
        return Markup()
    y = {"field": "name", "type": "nominal", "sort": None, "title": None}
    color = {"field": "color", "type": "nominal", "scale": None}
    x = {"type": "quantitative", "title": None, "axis": {"tickCount": 3, "format": "+.2f"}}
    zero = {"mark": {"type": "rule", "color": "var(--text)"}, "encoding": {"x": {"datum": 0}}}
    span = {
        "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
        "encoding": {"y": y, "x": x | {"field": "low"}, "x2": {"field": "high"}, "color": color},
    }
    mark = {
        "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1},
        "encoding": {"y": y, "x": x | {"field": "difference"}, "color": color},
    }
    height = ROW_HEIGHT * len({row["name"] for row in values})
    return svg({"data": {"values": values}, "layer": [zero, span, mark], "height": height})


def nights(rows: Sequence[Row]) -> Markup:
    """Both lists' NDCG@10 night by night; nothing where fewer than two were measured."""
    both = [row for row in rows if row["base"] is not None and row["reranked"] is not None]
    if len(both) < 2:
        return Markup()
    values = [
        {"night": f"{row['finished_at_utc']:%Y-%m-%dT%H:%M:%S}Z", "list": name, "value": row[key]}
        for row in both
        for name, key in (("base list", "base"), ("re-ranked list", "reranked"))
    ]
    lists = ["base list", "re-ranked list"]
    palette = {"domain": lists, "range": ["var(--muted)", "var(--accent)"]}
    encoding = {
        "x": {
            **{"field": "night", "type": "temporal", "title": None, "scale": {"type": "utc"}},
            "axis": {"tickCount": 4, "labelOverlap": True, "grid": False},
        },
        "y": {
            **{"field": "value", "type": "quantitative", "title": None},
            **{"scale": {"zero": False}, "axis": {"tickCount": 4}},
        },
        "color": {"field": "list", "type": "nominal", "scale": palette},
        "shape": {"field": "list", "type": "nominal", "scale": {"domain": lists}},
    }
    mark = {"type": "line", "point": {"filled": True, "size": 45}, "strokeWidth": 2}
    return svg({"data": {"values": values}, "mark": mark, "encoding": encoding, "height": 150})


def histogram(numbers: Sequence[float], unit: str) -> Markup:
    """How many requests took so much of a `unit`; nothing of no numbers."""
    finite = np.asarray(numbers, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return Markup()
    counts, edges = np.histogram(finite, bins=BINS, range=(0, finite.max() or 1))
    bins = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    values = [{"from": low, "to": high, "requests": n} for low, high, n in bins if n]
    encoding = {
        "x": {
            **{"field": "from", "type": "quantitative", "bin": "binned", "title": unit},
            **{"axis": {"tickCount": 5, "grid": False}, "scale": {"domain": [0, float(edges[-1])]}},
        },
        "x2": {"field": "to"},
        "y": {
            **{"field": "requests", "type": "quantitative", "title": "requests"},
            "axis": {"tickCount": 3, "tickMinStep": 1},
        },
    }
    mark = {"type": "bar", "color": "var(--accent)", "binSpacing": 1}
    return svg({"data": {"values": values}, "mark": mark, "encoding": encoding, "height": HEIGHT})


def _interval(row: Row) -> Spec:
    values = {name: row[name] for name in ("name", "difference", "low", "high")}
    return values | {"color": TONES[tone(row["verdict"])]}
