"""Drawing a plot as SVG that stays small and is the same everywhere."""

import re
from typing import Any

import vl_convert
from markupsafe import Markup

TAG = re.compile(r"<[^>]+>")
NOISE = re.compile(r' (?:aria-[a-z]+|class|role|pointer-events|xmlns:xlink|version)="[^"]*"')
LONG = re.compile(r"\d+\.\d{3,}")


def draw(plot: str | dict[str, Any]) -> str:
    """SVG of a Vega-Lite specification, or of its JSON: the same figures give the same bytes."""
    return TAG.sub(_slim, vl_convert.vegalite_to_svg(plot))


def _slim(tag: re.Match[str]) -> str:
    """The tag without what does not show; coordinates rounded, so that they agree everywhere."""
    return LONG.sub(lambda number: f"{float(number[0]):.2f}", NOISE.sub("", tag[0]))


Spec = dict[str, Any]

WIDTH = 230
FONT = "system-ui, -apple-system, Segoe UI, Roboto, sans-serif"
CONFIG: Spec = {
    "background": None,
    "font": FONT,
    "padding": {"left": 16, "right": 12, "top": 4, "bottom": 4},
    "view": {"stroke": None},
    "axis": {
        **{"labelColor": "var(--muted)", "titleColor": "var(--muted)", "titleFontWeight": 400},
        **{"gridColor": "var(--line)", "domain": False, "ticks": False, "labelPadding": 6},
        **{"labelFontSize": 12, "titleFontSize": 12, "labelLimit": 220},
        **{"labelFlush": False, "labelOverlap": True},
    },
    "legend": {
        **{"labelColor": "var(--text)", "title": None, "orient": "top", "labelFontSize": 12},
        "symbolOpacity": 1,
    },
}


def svg(spec: Spec) -> Markup:
    """Drawn, and hidden from screen readers: the tables beside it hold the same figures."""
    whole = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": WIDTH,
        "config": CONFIG,
    }
    drawn = draw(whole | spec).replace("<svg ", '<svg aria-hidden="true" ', 1)
    return Markup(drawn)  # noqa: S704 - Vega escapes the text in it
