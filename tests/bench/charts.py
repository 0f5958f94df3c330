"""Plots of what was measured, in the style of those of RESULTS.md."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from tasks.report.charts import draw
from tasks.report.experiments.charts import LINES, SHAPES, Panel

OURS, THEIRS = "Palate", "peer"
WIDTH, ROW_HEIGHT, GROWTH_HEIGHT = 420, 20, 320
TENS = [10.0**power for power in range(-6, 6)]
SECONDS = alt.Axis(labelExpr="format(datum.value, '~g') + ' s'", values=TENS)


def bench(found: Mapping[str, Any]) -> str:
    """SVG: each stage cold and warm, and each peer beside us; seconds grow tenfold per line."""
    return _svg([_stages(found["evaluation"]), _peers(found["peers"])], "Seconds of each step")


def scale(sizes: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    """SVG: each stage's seconds by ratings, on logarithms: a power law is a line."""
    rows = [
        {"ratings": ratings, "stage": line["stage"], "seconds": line["seconds"]}
        for ratings, lines in sizes.items()
        for line in lines
        if "unit" in line and line["seconds"] > 0
    ]
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    base = alt.Chart(pl.DataFrame(rows)).encode(
        x=_log("ratings", alt.Axis(format="~s", tickCount=4)).title("ratings"),
        y=_log_y("seconds").title(None),
        color=alt.Color("stage:N").title(None).scale(domain=stages, range=LINES),
        shape=alt.Shape("stage:N").title(None).scale(domain=stages, range=SHAPES * 2),
    )
    ways = base.mark_line(strokeWidth=1.5, opacity=0.8)
    marks = base.mark_point(filled=True, size=50, opacity=1)
    drawn = alt.layer(ways, marks).properties(width=WIDTH, height=GROWTH_HEIGHT)
    return _svg([drawn], "Seconds of a night's stages, by ratings")


def _stages(evaluation: Mapping[str, Any]) -> Panel:
    rows = [
        {"name": line["stage"], "of": of, "seconds": line["seconds"]}
        for of in ("cold", "warm")
        for line in evaluation[of]["by_stage"]
        if line["seconds"] > 0
    ]
    return _dots("The whole evaluation", rows, ("cold", "warm"))


def _peers(peers: Sequence[Mapping[str, Any]]) -> Panel:
    rows = [
        {"name": f"{peer['step']}: {peer['peer']}", "of": of, "seconds": peer[side]}
        for peer in peers
        if "missing" not in peer
        for of, side in ((OURS, "ours"), (THEIRS, "theirs"))
    ]
    return _dots("The same step by others, one thread each", rows, (OURS, THEIRS))


def _dots(title: str, rows: list[dict[str, Any]], kinds: tuple[str, str]) -> Panel:
    names = list(dict.fromkeys(row["name"] for row in rows))
    base = alt.Chart(pl.DataFrame(rows)).encode(
        y=alt.Y("name:N").sort(names).title(None).axis(labelLimit=420)
    )
    ways = base.mark_line(color="#d1d5db").encode(x=_log("seconds", SECONDS), detail="name:N")
    marks = base.mark_point(filled=True, size=55, opacity=1).encode(
        x=_log("seconds", SECONDS),
        color=alt.Color("of:N").title(None).scale(domain=kinds, range=["#2563eb", "#d97706"]),
        shape=alt.Shape("of:N").title(None).scale(domain=kinds, range=list(SHAPES[:2])),
    )
    return alt.layer(ways, marks).properties(
        title=title, width=WIDTH, height=ROW_HEIGHT * len(names)
    )


def _log(name: str, axis: alt.Axis) -> alt.X:
    return alt.X(f"{name}:Q", title=None, axis=axis, scale=alt.Scale(type="log"))


def _log_y(name: str) -> alt.Y:
    return alt.Y(f"{name}:Q", axis=SECONDS, scale=alt.Scale(type="log"))


def _svg(panels: Sequence[Panel], title: str) -> str:
    styled = (
        alt.concat(*panels, columns=1, spacing=24, title=title)
        .resolve_scale(x="independent", y="independent", color="independent", shape="independent")
        .configure(background="white", padding=14, aria=False)
        .configure_view(stroke="#d1d5db")
        .configure_axis(gridColor="#e5e7eb", labelColor="#374151", ticks=False)
        .configure_title(anchor="start", fontSize=12, color="#111827")
        .configure_legend(
            orient="top", labelColor="#111827", symbolOpacity=1, labelLimit=300, columns=4
        )
    )
    return draw(styled.to_json()) + "\n"
