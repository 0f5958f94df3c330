"""Writing the page about a replay: one file that asks for nothing outside itself."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import sql
from tasks.core.errors import StoreError
from tasks.report import html, text
from tasks.report.replay import charts
from tasks.store.query import query

FOLDER = "reports"
METRIC = "NDCG liked"
FILTERS = (
    *(text.figure, text.change, text.span, text.count, text.percent),
    *(text.duration, text.day, text.clock, text.model_name, text.tone),
)


def write_replay(home: Path, run_id: str, out: Path | None = None) -> Path:
    """Write the page about a replay; gives its path, in home/reports unless `out` says where.

    The same results give the same bytes. Raises StoreError where there is no such replay.
    """
    page = out or home / FOLDER / f"{run_id}.html"
    html.write(page, _render(home, run_id))
    return page


def _render(home: Path, run_id: str) -> str:
    run = _rows(home, "SELECT * FROM runs WHERE run_id = $run_id AND flow = 'replay'", run_id)
    if not run:
        raise StoreError(f"There is no replay {run_id} in {home}.", "`palate replay` makes one.")
    nights = _rows(home, sql.statement("replay/nights.sql"), run_id)
    values = _rows(home, sql.statement("replay/by_night.sql"), run_id, metric=METRIC)
    reliability = _rows(home, sql.statement("replay/reliability.sql"), run_id)
    settings, style = json.loads(run[0]["config"]), html.shipped("tasks.report.night", "night.css")
    return (
        _environment()
        .get_template("replay.html.j2")
        .render(
            run=run[0],
            settings=settings,
            nights=nights,
            lists=_rows(home, sql.statement("replay/lists.sql"), run_id),
            differences=_rows(home, sql.statement("replay/differences.sql"), run_id),
            reliability=reliability,
            known_chart=charts.lines([row for row in values if not row["newcomers"]]),
            newcomers_chart=charts.lines([row for row in values if row["newcomers"]]),
            reliability_chart=charts.reliability(reliability),
            style=Markup(style),  # noqa: S704 - ships with the program
            policy=html.policy(style),
        )
    )


@cache
def _environment() -> Environment:
    return text.environment(__package__, FILTERS, autoescape=True, keep_trailing_newline=True)


def _rows(home: Path, statement: str, run_id: str, **more: str) -> list[dict[str, Any]]:
    return query(home, statement, {"run_id": run_id, **more}).to_dicts()
