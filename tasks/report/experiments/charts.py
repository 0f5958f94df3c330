"""Plots of what was measured, as SVG on a white card: the same figures give the same bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from tasks.report.charts import draw
from tasks.report.text import model_name

Rows = Sequence[Mapping[str, Any]]
"""Rows of `sql/results/methods.sql`."""

Panel = alt.LayerChart | alt.FacetChart

BASE, PLAIN, LANGUAGE = "base list", "re-ranked without language", "re-ranked with language"
KINDS = {BASE: "#6b7280", PLAIN: "#d97706", LANGUAGE: "#2563eb"}
LINES = ("#6b7280", "#2563eb", "#d97706", "#059669", "#a21caf", "#dc2626", "#0891b2", "#000000")
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
DASHES = ((1, 0), (5, 2), (2, 2), (8, 3, 2, 3))
WIDTH, ROW_HEIGHT, LINES_HEIGHT = 240, 17, 230
COLUMNS = 2
ANYWHERE = alt.Scale(zero=False)
"""Dots need no zero; with it, small differences would not show."""


def dots(panels: Mapping[str, Rows], metric: str) -> str:
    """SVG: per panel, by its title, each method's mean and interval, best first."""
    drawn = [_dots(title, rows) for title, rows in panels.items()]
    return _svg(drawn, f"{metric} and its 95 % interval")


def lines(panels: Mapping[str, Rows], metric: str) -> str:
    """SVG: per panel, by its title, the means against how many ratings a person keeps (`kept`)."""
    methods = list(dict.fromkeys(row["method"] for rows in panels.values() for row in rows))
    models = list(dict.fromkeys(_model(row) for rows in panels.values() for row in rows))
    drawn = [_lines(title, rows, methods, models) for title, rows in panels.items()]
    return _svg(drawn, f"{metric} and its 95 % interval, by how many train ratings a person keeps")


def _dots(title: str, rows: Rows) -> Panel:
    table = pl.DataFrame([_point(row) | {"kind": _kind(row)} for row in rows])
    order = table["name"].to_list()
    color = alt.Color("kind:N").title(None).scale(domain=list(KINDS), range=list(KINDS.values()))
    shape = alt.Shape("kind:N").title(None).scale(domain=list(KINDS), range=list(SHAPES[:3]))
    base = alt.Chart(table).encode(
        y=alt.Y("name:N").sort(order).title(None).axis(labelLimit=300),
        color=color,
    )
    bars = base.mark_rule(strokeWidth=2, opacity=0.6).encode(x=_value("low"), x2="high:Q")
    marks = base.mark_point(filled=True, size=50, opacity=1).encode(x=_value("mean"), shape=shape)
    size = {"width": WIDTH, "height": ROW_HEIGHT * table.height}
    return alt.layer(bars, marks).properties(title=title, **size)


def _lines(title: str, rows: Rows, methods: Sequence[str], models: Sequence[str]) -> Panel:
    extra = [{"kept": row["kept"], "method": row["method"], "model": _model(row)} for row in rows]
    table = pl.DataFrame([_point(row) | more for row, more in zip(rows, extra, strict=True)])
    color = alt.Color("method:N").title("method").scale(domain=methods, range=LINES)
    shape = alt.Shape("model:N").title("base model").scale(domain=models, range=SHAPES)
    dash = alt.StrokeDash("model:N").title("base model").scale(domain=models, range=DASHES)
    base = alt.Chart(table).encode(
        x=alt.X("kept:O").title("train ratings kept").axis(labelAngle=0), color=color
    )
    bars = base.mark_rule(opacity=0.5).encode(y=_height("low"), y2="high:Q")
    paths = base.mark_line(strokeWidth=1.5, opacity=0.8).encode(y=_height("mean"), strokeDash=dash)
    marks = base.mark_point(filled=True, size=45, opacity=1).encode(y=_height("mean"), shape=shape)
    return alt.layer(bars, paths, marks).properties(title=title, width=WIDTH, height=LINES_HEIGHT)


def _value(name: str) -> alt.X:
    return alt.X(f"{name}:Q", title=None, scale=ANYWHERE, axis=alt.Axis(tickCount=5))


def _height(name: str) -> alt.Y:
    return alt.Y(f"{name}:Q", title=None, scale=ANYWHERE, axis=alt.Axis(tickCount=5))


def _point(row: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{row['method']}, {_model(row)}"
    return {"name": name, "mean": row["mean"], "low": row["low"], "high": row["high"]}


def _model(row: Mapping[str, Any]) -> str:
    return model_name(row["model"])


def _kind(row: Mapping[str, Any]) -> str:
    if row["is_base"]:
        return BASE
    return PLAIN if row["scorer"] == "none" else LANGUAGE


def _svg(panels: Sequence[Panel], title: str) -> str:
    """The panels side by side."""
    styled = (
        alt.concat(*panels, columns=COLUMNS, spacing=24, title=title)
        .resolve_scale(x="independent", y="independent")
        .configure(background="white", padding=14, aria=False)
        .configure_view(stroke="#d1d5db")
        .configure_axis(gridColor="#e5e7eb", labelColor="#374151", labelFlush=False, ticks=False)
        .configure_title(anchor="start", fontSize=12, color="#111827")
        .configure_legend(orient="top", labelColor="#111827", symbolOpacity=1, labelLimit=300)
    )
    return draw(styled.to_json()) + "\n"
