"""Writing the page about a night: one file that asks for nothing outside itself."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment
from markupsafe import Markup

from tasks.report import html, text
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
from tasks.report.night.read import NightRows, latest_night, read_night
from tasks.report.night.sentences import banner, not_measured, sentences
from tasks.store.people import SHOWN

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
    made = render(read_night(home, run_id))
    page = out or home / FOLDER / f"{run_id}.html"
    html.write(page, made)
    if out is None and run_id == latest_night(home):
        html.write(page.with_name(LATEST), made)
    return page


def render(night: NightRows) -> str:
    """The page's HTML."""
    style, script = (html.shipped(__package__, name) for name in ("night.css", "night.js"))
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
            judged_chart=charts.intervals(night.judged_parts),
            guard_chart=charts.intervals(_segments(night)),
            latency_chart=charts.histogram(latency.to_list(), "seconds until answered"),
            tokens_chart=charts.histogram(tokens.to_list(), "tokens read and written"),
            cost_chart=charts.histogram((cost * 100).to_list(), "US cents"),
            lists=lists_as_json(night),
            signals=signals_of(night),
            most_users=SHOWN,
            style=Markup(style),  # noqa: S704 - ships with the program
            script=Markup(script),  # noqa: S704
            policy=html.policy(style, script),
        )
    )


@cache
def _environment() -> Environment:
    environment = text.environment(
        __package__, FILTERS, autoescape=True, keep_trailing_newline=True
    )
    environment.globals["times"] = text.times
    return environment


def _segments(night: NightRows) -> list[Mapping[str, Any]]:
    """The guard's rows under names that a chart can show."""
    several = len({row["metric"] for row in night.guard}) > 1
    return [
        row | {"name": f"{row['segment']}, {row['metric']}" if several else row["segment"]}
        for row in night.guard
    ]
