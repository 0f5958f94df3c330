"""Writing the page about a night: one file that asks for nothing outside itself."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment
from markupsafe import Markup

from tasks.core.files import replacing
from tasks.report import text
from tasks.report.night import charts
from tasks.report.night.embedded import lists_as_json, signals_of
from tasks.report.night.figures import (
    BEYOND_ACCURACY,
    finding,
    headlines,
    phases,
    summarise,
    with_meaning,
)
from tasks.report.night.read import USERS, NightRows, latest_night, read_night
from tasks.report.night.sentences import banner, not_measured, sentences

FOLDER = "reports"
LATEST = "latest.html"
"""A copy of the last night's page, not a link to it: it can be sent, and outlives the other."""

FILTERS = (
    *(text.figure, text.change, text.span, text.count, text.more, text.percent),
    *(text.duration, text.dollars, text.day, text.clock, text.moment),
    *(text.model_name, text.tone),
)


def write_report(home: Path, run_id: str, out: Path | None = None) -> Path:
    """Write the page about a night; gives its path, in home/reports unless `out` says where.

    The newest night's page is home/reports/latest.html too. The same results give the same bytes.
    Raises StoreError where there is no such night.
    """
    html = render(read_night(home, run_id))
    page = out or home / FOLDER / f"{run_id}.html"
    _write(page, html)
    if out is None and run_id == latest_night(home):
        _write(page.with_name(LATEST), html)
    return page


def render(night: NightRows) -> str:
    """The page's HTML."""
    style, script = _shipped("night.css"), _shipped("night.js")
    requests = night.requests.with_columns(pl.col("tokens_in") + pl.col("tokens_out"))
    latency, tokens, cost = (
        requests[name].drop_nulls() for name in ("latency", "tokens_in", "dollars")
    )
    return (
        _environment()
        .get_template("night.html.j2")
        .render(
            night=night,
            run=night.run,
            before=night.before,
            banner=banner(night),
            sentences=sentences(night),
            versions=json.loads(night.run["versions"]),
            not_measured=not_measured(night),
            finding=finding(night.figures),
            beyond_accuracy=with_meaning(night.figures, BEYOND_ACCURACY),
            headlines=headlines(night.figures),
            phases=phases(night.stages),
            asked=summarise(night.requests),
            lift_chart=charts.intervals(finding(night.figures)),
            nights_chart=charts.nights(night.history),
            guard_chart=charts.intervals(_segments(night)),
            latency_chart=charts.histogram(latency.to_list(), "seconds until answered"),
            tokens_chart=charts.histogram(tokens.to_list(), "tokens read and written"),
            cost_chart=charts.histogram((cost * 100).to_list(), "US cents"),
            lists=lists_as_json(night),
            signals=signals_of(night),
            most_users=USERS,
            style=Markup(style),  # noqa: S704 - ships with the program
            script=Markup(script),  # noqa: S704
            policy=_policy(style, script),
        )
    )


@cache
def _environment() -> Environment:
    environment = text.environment(
        __package__, FILTERS, autoescape=True, keep_trailing_newline=True
    )
    environment.globals["times"] = text.times
    return environment


def _policy(style: str, script: str) -> str:
    """A content security policy: this style and this script, and nothing from anywhere."""
    allowed = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {what}" for name, what in allowed.items())


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _shipped(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def _write(page: Path, html: str) -> None:
    with replacing(page) as private:
        private.write_text(html, encoding="utf-8")


def _segments(night: NightRows) -> list[Mapping[str, Any]]:
    """The guard's rows under names that a chart can show."""
    several = len({row["metric"] for row in night.guard}) > 1
    return [
        row | {"name": f"{row['segment']}, {row['metric']}" if several else row["segment"]}
        for row in night.guard
    ]
